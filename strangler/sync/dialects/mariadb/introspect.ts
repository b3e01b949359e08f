import type { ColumnFamily, ColumnShape, ForeignKeyShape, TableShape } from '../../../core/sync-words.ts'
import type { RunStatement } from '../../dialect.ts'
import { COLUMNS_SQL, FOREIGN_KEYS_SQL, INDEXES_SQL, TABLES_SQL } from './catalogue.ts'
import { KEY_CHARACTERS } from './names.ts'

type Row = Record<string, string | null>

/** How a declared type's values travel. TINYINT(1) is an integer: a mapping that wants a boolean gives the column that family. */
const FAMILIES: Readonly<Record<string, ColumnFamily>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  date: 'date',
  time: 'time',
  datetime: 'timestamp',
  timestamp: 'timestamptz',
  bit: 'bit',
  enum: 'enum',
  uuid: 'uuid',
  json: 'json',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
}

const SPATIAL = /^(?:geometry|point|linestring|polygon|multi\w+|geometrycollection|vector)$/

/** Reads tables from information_schema. A SET is text, `a,b`; geometries and vectors are bytes; CHAR(36) is text, not a UUID. */
export async function introspect(
  run: RunStatement,
  schema: string,
  tables: readonly string[],
): Promise<TableShape[]> {
  if (tables.length === 0) return []
  const marks = tables.map(() => '?').join(', ')
  const read = (sql: string) => run({ sql: sql.replace('$TABLES', marks), params: [schema, ...tables] })
  const found = await read(TABLES_SQL)
  const columns = await read(COLUMNS_SQL)
  const indexes = await read(INDEXES_SQL)
  const foreignKeys = await read(FOREIGN_KEYS_SQL)
  return found.map((table) => {
    const own = (rows: Row[]) => rows.filter((row) => row['tbl'] === table['tbl'])
    return shapeTable(schema, table, {
      columns: own(columns).map(shapeColumn),
      indexes: own(indexes),
      foreignKeys: own(foreignKeys),
    })
  })
}

/**
 * Reads the tables outside `tables` from which a cascade can reach one of them, through however many levels. Capture needs them
 * because cascades fire no triggers.
 */
export async function findAncestors(
  run: RunStatement,
  schema: string,
  tables: readonly TableShape[],
): Promise<TableShape[]> {
  const known = new Set(tables.map(({ name }) => name))
  const ancestors: TableShape[] = []
  for (let level = tables; level.length > 0; ) {
    const parents = level.flatMap(({ foreignKeys }) => foreignKeys.map((key) => key.referencedTable))
    const wanted = [...new Set(parents)].filter((name) => !known.has(name))
    for (const name of wanted) known.add(name)
    level = await introspect(run, schema, wanted)
    ancestors.push(...level)
  }
  return ancestors
}

function shapeColumn(row: Row): ColumnShape {
  const type = row['column_type'] ?? ''
  const extra = (row['extra'] ?? '').toLowerCase()
  const base = row['is_json'] === '1' ? 'json' : (row['data_type'] ?? '')
  const family = FAMILIES[base] ?? (SPATIAL.test(base) ? 'bytes' : 'text')
  return {
    name: row['name'] ?? '',
    family,
    type: base === 'json' ? 'json' : type,
    nullable: row['is_nullable'] === 'YES',
    generated: row['is_generated'] === 'ALWAYS',
    identity: extra.includes('auto_increment'),
    ...(family === 'enum' ? { enumLabels: readLabels(type) } : {}),
    ...(row['collation'] == null ? {} : { collation: row['collation'] }),
  }
}

/** `enum('a','it''s')` → a, it's */
function readLabels(type: string): string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label]) => (label ?? '').replaceAll("''", "'"))
}

interface Parts {
  readonly columns: ColumnShape[]
  readonly indexes: Row[]
  readonly foreignKeys: Row[]
}

function shapeTable(schema: string, table: Row, parts: Parts): TableShape {
  const uniques = groupBy(parts.indexes, 'name').map((rows) => ({
    primary: rows[0]?.['name'] === 'PRIMARY',
    columns: rows.map((row) => row['column_name'] ?? ''),
    // The prefix of a text says nothing about the rest of it.
    whole: rows.every((row) => row['sub_part'] === null),
  }))
  const isSet = (name: string) => parts.columns.find((column) => column.name === name)?.nullable === false
  const usable = uniques.filter(({ columns, whole }) => whole && columns.every(isSet))
  const chosen = usable.find(({ primary }) => primary) ?? usable[0]
  const key = chosen?.columns ?? []
  const refused = refuseKey(
    table,
    key.map((name) => parts.columns.find((column) => column.name === name)!),
  )
  return {
    schema,
    name: table['tbl'] ?? '',
    columns: parts.columns,
    key: refused === undefined ? key : [],
    keyDeferrable: false,
    ...(refused === undefined ? {} : { keyRefused: refused }),
    uniques: uniques.filter((unique) => unique.whole && unique !== chosen).map(({ columns }) => columns),
    foreignKeys: groupBy(parts.foreignKeys, 'name').map(shapeForeignKey),
  }
}

function refuseKey(table: Row, key: readonly ColumnShape[]): string | undefined {
  if (table['engine'] !== 'InnoDB') {
    return `the table's engine is ${table['engine']}, and only InnoDB locks the row until the transaction ends`
  }
  const odd = key.find(({ family }) => family === 'float' || family === 'json')
  if (odd !== undefined)
    return `column ${odd.name} of the key is ${odd.type}, which one value can be written as in several ways`
  const length = key.reduce((sum, column) => sum + measureText(column) + 3, 1)
  // A quarter is left for characters that JSON writes as two.
  if (length > KEY_CHARACTERS * 0.75)
    return `the text of its key can have ${length} characters, and the log holds ${KEY_CHARACTERS}`
  return undefined
}

/** The most characters that a key part's text has. */
function measureText(column: ColumnShape): number {
  const declared = Number.parseInt(/\((\d+)/.exec(column.type)?.[1] ?? '0', 10)
  if (column.family === 'bytes') return declared * 2
  if (column.family === 'text' || column.family === 'bit') return declared
  if (column.family === 'decimal') return declared + 3
  if (column.family === 'enum') return Math.max(0, ...(column.enumLabels ?? []).map((label) => label.length))
  return 36
}

function shapeForeignKey(rows: Row[]): ForeignKeyShape {
  const [first] = rows
  return {
    name: first?.['name'] ?? '',
    columns: rows.map((row) => row['column_name'] ?? ''),
    referencedTable: first?.['referenced_table'] ?? '',
    referencedColumns: rows.map((row) => row['referenced_column'] ?? ''),
    onDelete: first?.['delete_rule'] ?? '',
    onUpdate: first?.['update_rule'] ?? '',
    deferrable: false,
  }
}

function groupBy(rows: readonly Row[], field: string): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const name = row[field] ?? ''
    groups.set(name, [...(groups.get(name) ?? []), row])
  }
  return [...groups.values()]
}
