import type { ColumnFamily, ColumnShape, TableShape } from '../../../core/sync-words.ts'
import { quoteName } from './names.ts'

/** bit(1) where the other side has a boolean. */
function isBitAsBoolean({ family, type }: ColumnShape): boolean {
  return family === 'boolean' && type === 'bit(1)'
}

/** `||`, whatever the session's search path finds under that name. */
export const JOIN = 'OPERATOR(pg_catalog.||)'

/** An expression that gives a column's canonical text. `value` is SQL of the column's type, e.g. `t."price"`. */
export function toText(value: string, column: ColumnShape): string {
  if (isBitAsBoolean(column)) return `(${value} OPERATOR(pg_catalog.=) B'1')::pg_catalog.text`
  if (column.type === 'money') return `trim_scale(${value}::numeric)::text`
  if (column.family === 'array') return arrayToText(value, column)
  return scalarToText(value, column.family)
}

/**
 * Every name is of pg_catalog: a key's text is also written by the capture, which runs with its owner's rights under the application's search
 * path. The types without a schema here are words of the grammar.
 */
function scalarToText(value: string, family: ColumnFamily): string {
  switch (family) {
    case 'decimal':
      return `pg_catalog.trim_scale(${value})::pg_catalog.text`
    case 'bytes':
      return `pg_catalog.encode(${value}, 'hex')`
    case 'date':
      return unlessInfinite(value, value, 'YYYY-MM-DD')
    case 'time':
      return `pg_catalog.to_char(${value}::interval, 'HH24:MI:SS.US')`
    case 'timestamp':
      return unlessInfinite(value, value, 'YYYY-MM-DD HH24:MI:SS.US')
    case 'timestamptz':
      return unlessInfinite(value, `(${value} AT TIME ZONE 'UTC')`, 'YYYY-MM-DD HH24:MI:SS.US')
    default:
      return `${value}::pg_catalog.text`
  }
}

/** `to_char` gives NULL for infinity, and no era. */
function unlessInfinite(value: string, shown: string, format: string): string {
  const era = `CASE WHEN ${shown} OPERATOR(pg_catalog.<) '0001-01-01' THEN ' BC' ELSE '' END`
  return `CASE WHEN pg_catalog.isfinite(${value}) THEN pg_catalog.to_char(${shown}, '${format}') ${JOIN} ${era} ELSE ${value}::pg_catalog.text END`
}

/** Element types whose `::text` is not their canonical text; the others are converted as a whole, which is faster. */
const ELEMENTS: readonly [RegExp, ColumnFamily][] = [
  [/^numeric/, 'decimal'],
  [/^timestamp.* with time zone/, 'timestamptz'],
  [/^timestamp/, 'timestamp'],
  [/^time(\(\d\))? without/, 'time'],
]

/**
 * A JSON array of texts, nested for more dimensions. An array that does not begin at 1 keeps PostgreSQL's own form, `[0:1]={a,b}`, which no
 * JSON array looks like.
 */
function arrayToText(value: string, column: ColumnShape): string {
  const whole = `to_json(${value}::text[])::text`
  const family = ELEMENTS.find(([pattern]) => pattern.test(column.type))?.[1]
  const flat =
    family === undefined
      ? whole
      : `CASE WHEN array_ndims(${value}) > 1 THEN ${whole} ELSE to_json(ARRAY(SELECT ${scalarToText('e.v', family)} FROM unnest(${value}) WITH ORDINALITY AS e(v, n) ORDER BY e.n))::text END`
  return `CASE WHEN ${value} IS NULL THEN NULL WHEN array_lower(${value}, 1) <> 1 OR array_lower(${value}, 2) <> 1 THEN ${value}::text ELSE ${flat} END`
}

/** Types that take a text by themselves in an INSERT, which checks their length; an explicit cast would cut silently. */
const TEXT_TYPES = /^(text|character varying|character|citext|name)\b/

/**
 * An expression that makes a canonical text a value to be written. The cast leaves out lengths and scales: the assignment then refuses
 * what is too long, where an explicit cast to `varchar(3)` or `bit(4)` would cut it.
 */
export function fromText(text: string, column: ColumnShape): string {
  const type = withoutModifier(column.type)
  if (isBitAsBoolean(column)) return `${text}::boolean::int::bit(1)`
  switch (column.family) {
    case 'text':
      return TEXT_TYPES.test(type) ? text : `${text}::${type}`
    case 'bit':
      return `${text}::bit varying`
    case 'bytes':
      return `decode(${text}, 'hex')`
    case 'timestamptz':
      return `(${text}::timestamp AT TIME ZONE 'UTC')`
    case 'decimal':
      return type === 'money' ? `${text}::numeric::money` : `${text}::${type}`
    case 'array':
      return textToArray(text, type)
    default:
      return `${text}::${type}`
  }
}

/** By way of text[], because populating jsonb[] or bytea[] from JSON strings directly would quote them once more. */
function textToArray(text: string, type: string): string {
  const parsed = `(SELECT r.a FROM json_to_record(('{"a":' || ${text} || '}')::json) AS r(a text[]))::${type}`
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN ${text} ~ '^\\[-?[0-9]' THEN ${text}::${type} ELSE ${parsed} END`
}

/** To find a row by its key: of exactly the column's type, or its index could not be used. */
function fromKeyText(text: string, column: ColumnShape): string {
  if (column.family === 'bit') return `${text}::${column.type}`
  if (column.family === 'text') return `${text}::${withoutModifier(column.type)}`
  return fromText(text, column)
}

/** `character` means one character and `bit` one bit when they have no length; bpchar is the type without a limit. */
export function withoutModifier(type: string): string {
  if (type.includes('"')) return type
  const bare = type.replace(/\(\d+(,-?\d+)?\)/, '')
  return bare.replace(/^character(?! varying)/, 'bpchar')
}

export function findColumn(table: TableShape, name: string): ColumnShape {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw new Error(`${table.schema}.${table.name} has no column ${name}.`)
  return column
}

/** Texts of these families hold nothing that JSON must escape. */
const PLAIN: ReadonlySet<ColumnFamily> = new Set(['integer', 'decimal', 'boolean', 'bytes', 'uuid', 'bit'])

/** The canonical text of a row's key, `["42","de"]`; `row` is an alias, OLD or NEW. The same as `encodeKey`. */
export function keyText(row: string, table: TableShape): string {
  if (table.key.length === 0) {
    throw new Error(
      `${table.schema}.${table.name} has no usable key: ${table.keyRefused ?? 'it has neither a primary key nor a unique one without NULL'}.`,
    )
  }
  const parts = table.key.flatMap((name) => {
    const column = findColumn(table, name)
    const text = toText(`${row}.${quoteName(name)}`, column)
    return PLAIN.has(column.family)
      ? ['"', { text }, '"', ',']
      : [{ text: `pg_catalog.to_json(${text})::pg_catalog.text` }, ',']
  })
  return concatenate(['[', ...parts.slice(0, -1), ']'])
}

/** Constant parts stand together: the capture of every write runs through this. */
function concatenate(parts: readonly (string | { readonly text: string })[]): string {
  const operands: string[] = []
  let constant = ''
  for (const part of [...parts, { text: '' }]) {
    if (typeof part === 'string') {
      constant += part
      continue
    }
    operands.push(...(constant === '' ? [] : [`'${constant}'`]), ...(part.text === '' ? [] : [part.text]))
    constant = ''
  }
  return `(${operands.join(` ${JOIN} `)})`
}

/** `t."id" = (k.j ->> 0)::bigint AND …`, where `json` is the parsed key. */
export function matchKey(row: string, table: TableShape, json: string): string {
  return table.key
    .map((name, position) => {
      const value = fromKeyText(`(${json} ->> ${position})`, findColumn(table, name))
      return `${row}.${quoteName(name)} = ${value}`
    })
    .join(' AND ')
}

/** `(t."tenant", t."id") > ($1::uuid, $2::bigint)`: one comparison, so that the key's index serves it. */
export function isAfterKey(row: string, table: TableShape, firstParameter: number): string {
  return compareKey(row, table, { operator: '>', firstParameter })
}

export function isUpToKey(row: string, table: TableShape, firstParameter: number): string {
  return compareKey(row, table, { operator: '<=', firstParameter })
}

function compareKey(
  row: string,
  table: TableShape,
  { operator, firstParameter }: { operator: '>' | '<='; firstParameter: number },
): string {
  const columns = table.key.map((name) => `${row}.${quoteName(name)}`)
  const values = table.key.map((name, position) =>
    fromKeyText(`$${firstParameter + position}::text`, findColumn(table, name)),
  )
  return `(${columns.join(', ')}) ${operator} (${values.join(', ')})`
}
