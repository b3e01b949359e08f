import type { ColumnFamily, ColumnShape, ForeignKeyShape, TableShape } from '../../../core/sync-words.ts'
import type { RunStatement } from '../../dialect.ts'
import { COLUMNS, FOREIGN_KEYS, INDEXES } from './catalogue.ts'

type Row = Readonly<Record<string, string | null>>

/** Reads shapes from the catalogue: four cheap statements, however many tables. */
export async function introspect(
  run: RunStatement,
  schema: string,
  tables: readonly string[],
): Promise<TableShape[]> {
  const params = [schema, [...tables]]
  const columns = groupByTable(await run({ sql: COLUMNS, params }))
  const indexes = groupByTable(await run({ sql: INDEXES, params }))
  const foreignKeys = groupByTable(await run({ sql: FOREIGN_KEYS, params }))
  return tables
    .filter((name) => columns.has(name))
    .map((name) => ({
      schema,
      name,
      columns: columns.get(name)!.map(toColumn),
      ...chooseKey((indexes.get(name) ?? []).map((index) => refuseLong(index, columns.get(name)!))),
      foreignKeys: (foreignKeys.get(name) ?? []).map(toForeignKey),
    }))
}

function groupByTable(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, (row) => row['tbl'] ?? '')
}

/** By the catalogue's own short names. What is not here is written as its text, which every type reads back. */
const FAMILIES: Readonly<Record<string, ColumnFamily>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  numeric: 'decimal',
  // Its own text has a currency sign and a locale's separators; as a numeric it is exact.
  money: 'decimal',
  float4: 'float',
  float8: 'float',
  bool: 'boolean',
  bytea: 'bytes',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  bit: 'bit',
  varbit: 'bit',
}

function toColumn(row: Row): ColumnShape {
  const labels = row['labels'] ?? null
  const base = baseOf(row)
  return {
    name: row['name'] ?? '',
    family: familyOf(row),
    type: row['type'] ?? '',
    ...(base === undefined ? {} : { base }),
    nullable: row['nullable'] === 'true',
    generated: row['generated'] === 'true',
    identity: row['identity'] === 'true',
    ...(row['identity_always'] === 'true' ? { identityAlways: true } : {}),
    ...(labels === null ? {} : { enumLabels: JSON.parse(labels) as string[] }),
  }
}

/** A domain over a type of the catalogue, or citext; a composite's name says nothing. */
function baseOf(row: Row): string | undefined {
  const base = row['base'] ?? ''
  const isOwn =
    /^(?:".*"|[^".]+)\./.test(row['type'] ?? '') && row['is_array'] !== 'true' && row['labels'] === null
  return isOwn && (row['in_catalog'] === 'true' || base === 'citext') ? base : undefined
}

function familyOf(row: Row): ColumnFamily {
  if (row['is_array'] === 'true') return 'array'
  if (row['labels'] !== null) return 'enum'
  return row['in_catalog'] === 'true' ? (FAMILIES[row['base'] ?? ''] ?? 'text') : 'text'
}

/** The primary key; else the unique key with the fewest columns that can stand for it; else a DEFERRABLE one, to be refused by name. */
function chooseKey(
  indexes: readonly Row[],
): Pick<TableShape, 'key' | 'keyDeferrable' | 'keyRefused' | 'uniques'> {
  const candidates = indexes.filter((index) => index['is_candidate'] === 'true')
  const usable = candidates.filter((index) => index['refused'] === null)
  const chosen = usable.find((index) => index['is_immediate'] === 'true') ?? usable[0]
  const uniques = indexes.filter((index) => index !== chosen).map(columnsOf)
  const refused = candidates[0]?.['refused']
  if (chosen !== undefined) {
    return { key: columnsOf(chosen), keyDeferrable: chosen['is_immediate'] !== 'true', uniques }
  }
  return { key: [], keyDeferrable: false, uniques, ...(refused ? { keyRefused: refused } : {}) }
}

/** An entry of an index of PostgreSQL has 2,704 bytes at most, of which the table's name and the version take up to 90. */
const KEY_BYTES = 2_600

/**
 * The log finds its entries by the key's text; one that does not fit is never carried. By what is declared: a text without
 * a length is nearly always a short one.
 */
function refuseLong(index: Row, columns: readonly Row[]): Row {
  const types = columnsOf(index).map((name) => columns.find((column) => column['name'] === name)?.['type'])
  const length = types.reduce((sum, type) => sum + measureText(type ?? '') + 3, 1)
  if (length <= KEY_BYTES || index['refused'] !== null) return index
  return {
    ...index,
    refused: `the text of its key can have ${length} bytes, and an entry of the log's index holds ${KEY_BYTES}`,
  }
}

/** The most bytes of a declared length, in an encoding that takes up to four for a character. */
function measureText(type: string): number {
  const [, name = '', declared = '0'] =
    /^(character varying|character|bit varying|bit)\((\d+)/.exec(type) ?? []
  return Number(declared) * (name.startsWith('character') ? 4 : 1)
}

function columnsOf(row: Row): string[] {
  return JSON.parse(row['columns'] ?? '[]') as string[]
}

const ACTIONS: Readonly<Record<string, string>> = {
  a: 'NO ACTION',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
}

function toForeignKey(row: Row): ForeignKeyShape {
  return {
    name: row['name'] ?? '',
    columns: columnsOf(row),
    referencedTable: row['referenced'] ?? '',
    referencedColumns: JSON.parse(row['referenced_columns'] ?? '[]') as string[],
    onDelete: ACTIONS[row['on_delete'] ?? ''] ?? '',
    onUpdate: ACTIONS[row['on_update'] ?? ''] ?? '',
    deferrable: row['is_deferrable'] === 'true',
  }
}
