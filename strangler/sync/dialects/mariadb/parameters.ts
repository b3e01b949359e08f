import type { CellText, ColumnShape } from '../../../core/sync-words.ts'

/** SQL that writes a parameter into the column. The column's own type reads texts exactly; only bytes, bits and booleans are no texts. */
export function writePlaceholder(column: ColumnShape): string {
  if (column.family === 'bytes') return 'UNHEX(?)'
  if (column.family === 'boolean') return 'CAST(? AS SIGNED)'
  if (column.family === 'bit') return 'CAST(CONV(?, 2, 10) AS UNSIGNED)'
  return column.family === 'uuid' && column.type.startsWith('binary') ? "UNHEX(REPLACE(?, '-', ''))" : '?'
}

/**
 * A canonical text as parameter of `writePlaceholder`.
 * @throws Error for a text that the database would turn into something else without saying so
 */
export function writeParameter(column: ColumnShape, text: CellText): CellText {
  if (text === null) return null
  if (column.family === 'boolean') return BOOLEANS[text] ?? refuse(column)
  // The shortest text of the largest FLOAT is, read as a double, a little larger than it.
  if (column.type.startsWith('float'))
    return text.replace(/^(-?)3\.4028235e\+?38$/, '$13.4028234663852886e38')
  // Of a text with two digits MariaDB makes a year of this century.
  if (column.type.startsWith('year') && text === '0') return '0000'
  const form = FORMS[column.family]
  return form === undefined || form.test(text) ? text : refuse(column)
}

/** Without the value, which may be somebody's: the quarantine names the row. */
function refuse({ name, type, family }: ColumnShape): never {
  throw new Error(
    `Column ${name} (${type}) cannot hold the value: MariaDB would not read its text as a whole as ${family}.`,
  )
}

const BOOLEANS: Readonly<Record<string, string>> = { true: '1', false: '0', 1: '1', 0: '0' }

/** What MariaDB would read in part, with no more than a note, is no value of the family. */
const FORMS: Partial<Record<ColumnShape['family'], RegExp>> = {
  integer: /^-?\d+$/,
  decimal: /^-?\d+(?:\.\d+)?$/,
  float: /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i,
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^-?\d{2,3}:\d\d:\d\d(?:\.\d{1,6})?$/,
  timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?$/,
  timestamptz: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?$/,
  bytes: /^(?:[0-9a-f]{2})*$/i,
  bit: /^[01]{1,64}$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
}
