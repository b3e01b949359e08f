import { hash } from 'node:crypto'
import type { CellText, ColumnFamily } from '../core/sync-words.ts'
import { canonicalizeDecimal, canonicalizeJson } from './canonical-json.ts'

/**
 * The canonical text of a key: a JSON array of the texts of its columns, without spaces. Triggers write the same text in SQL, so nothing
 * here may escape more or less than PostgreSQL's `to_json(text)`: quotes, backslashes and control characters, nothing else.
 */
export function encodeKey(texts: readonly string[]): string {
  return JSON.stringify(texts)
}

/**
 * The texts of a key's columns.
 * @throws Error when it is not a canonical key
 */
export function decodeKey(key: string): string[] {
  const texts: unknown = JSON.parse(key)
  if (!Array.isArray(texts) || texts.length === 0 || texts.some((text) => typeof text !== 'string')) {
    throw new Error(`${key} is not the key of a row: a JSON array of texts is.`)
  }
  return texts as string[]
}

/** Separates the families in a hash: the text '1' and the number 1 are different values. */
const TAGS: Readonly<Record<ColumnFamily, string>> = {
  integer: 'i',
  decimal: 'd',
  float: 'f',
  boolean: 'o',
  text: 't',
  bytes: 'b',
  date: 'D',
  time: 'T',
  timestamp: 's',
  timestamptz: 'z',
  json: 'j',
  uuid: 'u',
  enum: 'e',
  bit: 'B',
  array: 'a',
}

/** 128 bits of SHA-256 in hex over the row's texts. Rows are equal exactly when their hashes are, whatever dialect wrote the texts. */
export function hashRow(families: readonly ColumnFamily[], row: readonly CellText[]): string {
  if (families.length !== row.length) {
    throw new Error(`The row has ${row.length} cells, but ${families.length} columns were named.`)
  }
  const cells = row.map((cell, column) => {
    if (cell === null) return '-'
    const family = families[column]!
    const text = canonicalizeCell(family, cell)
    // The length in front keeps two neighbours from trading characters.
    return `${TAGS[family]}${text.length}:${text}`
  })
  return hash('sha256', cells.join(''), 'hex').slice(0, 32)
}

/** The one text of a value that several texts can stand for: `1.50` and `1.5`, JSON with other spaces or another order of keys. */
export function canonicalizeCell(family: ColumnFamily, text: string): string {
  switch (family) {
    case 'decimal':
      return canonicalizeDecimal(text)
    case 'float':
      return canonicalizeFloat(text)
    case 'json':
      return canonicalizeJson(text)
    case 'array':
      // An array's elements are texts; a JSON of MariaDB may hold them as numbers.
      return canonicalizeJson(text, 'texts')
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return padFraction(text)
    case 'boolean':
      return text === '1' || text === 't' ? 'true' : text === '0' || text === 'f' ? 'false' : text
    case 'uuid':
    case 'bytes':
      return text.toLowerCase()
    default:
      return text
  }
}

/**
 * A float's text is the shortest that reads back as the same double, but databases write it differently (1e+20, 1e20). Reading it back
 * loses nothing, and JavaScript prints one form.
 */
function canonicalizeFloat(text: string): string {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) return text
  return String(value === 0 ? 0 : value)
}

const TIME = /(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?( BC)?$/

function padFraction(text: string): string {
  return text.replace(
    TIME,
    (_match, seconds: string, fraction = '', era = '') => `${seconds}.${fraction.padEnd(6, '0')}${era}`,
  )
}
