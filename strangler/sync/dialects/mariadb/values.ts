import type { ColumnShape, TableShape } from '../../../core/sync-words.ts'
import { quoteName, quoteText } from './names.ts'

/** Microseconds always have six digits on the wire. */
const EPOCH = "'1970-01-01 00:00:00.000000'"

/**
 * SQL for a column's canonical text. Independent of the session, since triggers run in the application's: its time zone,
 * for one, must not show.
 * @param value SQL of the column's value, e.g. NEW.`id`
 */
export function writeCanonicalText(column: ColumnShape, value: string): string {
  switch (column.family) {
    case 'integer':
      // `+ 0` takes the zeros in front that ZEROFILL and the year 0000 show.
      return `CAST(${/zerofill|^year/.test(column.type) ? `${value} + 0` : value} AS CHAR)`
    case 'decimal':
      return writeDecimal(column, value)
    case 'float':
      return writeFloat(column, value)
    case 'boolean':
      // A 2 in a TINYINT(1) is no boolean: it stays a 2, which the other side refuses.
      return `IF(${value} + 0 IN (0, 1), IF(${value}, 'true', 'false'), CAST(${value} + 0 AS CHAR))`
    case 'bytes':
      return `LOWER(HEX(${value}))`
    case 'date':
      return `CAST(${value} AS CHAR)`
    case 'time':
      return `CAST(CAST(${value} AS TIME(6)) AS CHAR)`
    case 'timestamp':
      return `CAST(CAST(${value} AS DATETIME(6)) AS CHAR)`
    case 'timestamptz':
      // A TIMESTAMP is an instant; read as a text it would follow the session's time zone, ambiguously where clocks go back.
      return `IF(UNIX_TIMESTAMP(${value}) = 0, '0000-00-00 00:00:00.000000', CAST(CAST(${EPOCH} + INTERVAL UNIX_TIMESTAMP(${value}) SECOND AS DATETIME(6)) AS CHAR))`
    case 'uuid':
      return writeUuid(column, value)
    case 'bit':
      return `LPAD(BIN(${value} + 0), ${readLength(column.type)}, '0')`
    default:
      return `CONVERT(${value} USING utf8mb4)`
  }
}

function writeDecimal(column: ColumnShape, value: string): string {
  const text = `CAST(${/zerofill/.test(column.type) ? `${value} + 0` : value} AS CHAR)`
  const scale = /^(?:decimal|numeric)\(\d+,(\d+)\)/.exec(column.type)?.[1]
  return scale === undefined || scale === '0'
    ? text
    : `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text}))`
}

/** A FLOAT shows six digits only, which is not always enough to read the same value back: more are added until they are. */
function writeFloat(column: ColumnShape, value: string): string {
  if (!/^float/.test(column.type)) return `CAST(${value} AS CHAR)`
  const exponent = `FLOOR(LOG10(ABS(${value} + 0e0)))`
  const digits = (count: number) =>
    `CONCAT(CAST((${value} + 0e0) / POW(10, ${exponent}) AS DECIMAL(12,${count - 1})), 'e', ${exponent})`
  const holds = (text: string) => `CAST(${text} AS FLOAT) = ${value} THEN ${text}`
  const shown = `CAST(${value} AS CHAR)`
  const tries = [shown, digits(7), digits(8)].map((text) => `WHEN ${holds(text)}`)
  return `CASE WHEN ${value} IS NULL OR ${value} = 0 THEN ${shown} ${tries.join(' ')} ELSE ${digits(9)} END`
}

function writeUuid(column: ColumnShape, value: string): string {
  if (!/^binary\(16\)/.test(column.type)) return `LOWER(CAST(${value} AS CHAR))`
  const parts = ['1, 8', '9, 4', '13, 4', '17, 4', '21, 12'].map(
    (part) => `SUBSTR(LOWER(HEX(${value})), ${part})`,
  )
  return `IF(${value} IS NULL, NULL, CONCAT_WS('-', ${parts.join(', ')}))`
}

function readLength(type: string): number {
  return Number.parseInt(/\((\d+)\)/.exec(type)?.[1] ?? '1', 10)
}

/**
 * SQL for the canonical text of a row's key, the same as `JSON.stringify` gives for the array of its texts.
 * @param value gives the SQL of a key column's value; default: the column of `prefix`
 */
export function writeKeyText(table: TableShape, prefix: string): string {
  return writeKeyTextOf(table, (column) => `${prefix}.${quoteName(column.name)}`)
}

function writeKeyTextOf(table: TableShape, value: (column: ColumnShape) => string): string {
  const cells = keyColumns(table).map((column) =>
    writeJsonText(column, writeCanonicalText(column, value(column))),
  )
  return `CONCAT('[', ${cells.join(", ',', ")}, ']') COLLATE utf8mb4_bin`
}

/** Texts of these families can hold characters that JSON escapes. */
function writeJsonText(column: ColumnShape, text: string): string {
  const escaped = ['text', 'enum', 'json'].includes(column.family)
  return escaped ? quoteJson(text) : `'"', CONVERT(${text} USING utf8mb4), '"'`
}

/** JSON_QUOTE writes `\\u000B` where JSON.stringify and PostgreSQL write `\\u000b`: texts with such characters are escaped by hand. */
function quoteJson(text: string): string {
  const escapes = ['\\', '"', ...CONTROLS].map((character) => [
    `CHAR(${character.charCodeAt(0)} USING utf8mb4)`,
    quoteText(JSON.stringify(character).slice(1, -1)),
  ])
  const escaped = escapes.reduce((inner, [from, to]) => `REPLACE(${inner}, ${from}, ${to})`, text)
  return `IF(${text} REGEXP '[\\\\x0B\\\\x0E\\\\x0F\\\\x1A-\\\\x1F]', CONCAT('"', ${escaped}, '"'), JSON_QUOTE(${text}))`
}

const CONTROLS = Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1))

export function keyColumns(table: TableShape): ColumnShape[] {
  return table.key.map((name) => findColumn(table, name))
}

/** @throws Error when the table has no such column: the shape and the mapping come from different moments */
export function findColumn(table: TableShape, name: string): ColumnShape {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw new Error(`Table ${table.name} has no column ${name}.`)
  return column
}

/**
 * SQL that turns the text of a key's part back into a value that is compared with the column by its index: it needs the
 * column's own type, and for a text its collation.
 */
export function castKeyPart(column: ColumnShape, text: string): string {
  switch (column.family) {
    case 'integer':
      return `CAST(${text} AS ${/unsigned|year/.test(column.type) ? 'UNSIGNED' : 'SIGNED'})`
    case 'decimal': {
      const precision = /\(\d+,\d+\)/.exec(column.type)?.[0] ?? '(65,0)'
      return `CAST(${text} AS DECIMAL${precision})`
    }
    case 'float':
      return `CAST(${text} AS DOUBLE)`
    case 'boolean':
      return `(${text} = 'true')`
    case 'bytes':
      return `UNHEX(${text})`
    case 'date':
      return `CAST(${text} AS DATE)`
    case 'time':
      return `CAST(${text} AS TIME(6))`
    case 'timestamp':
    case 'timestamptz':
      return `CAST(${text} AS DATETIME(6))`
    case 'bit':
      return `CAST(CONV(${text}, 2, 10) AS UNSIGNED)`
    case 'uuid':
      if (column.type.startsWith('uuid')) return `CAST(${text} AS UUID)`
      if (column.type.startsWith('binary')) return `UNHEX(REPLACE(${text}, '-', ''))`
      return castText(column, text)
    default:
      return castText(column, text)
  }
}

function castText(column: ColumnShape, text: string): string {
  const collation = column.collation ?? 'utf8mb4_bin'
  const charset = collation.split('_', 1)[0]
  return `CONVERT(${text} USING ${charset}) COLLATE ${collation}`
}
