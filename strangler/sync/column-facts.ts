import type { ColumnShape } from '../core/sync-words.ts'

/** What a declared type says, in either dialect's words: `character varying(40)`, `bigint unsigned`, `timestamp(3) without time zone`. */
export interface DeclaredType {
  /** Without lengths and attributes, e.g. `character varying`. Of a domain: what it is made of. */
  readonly name: string
  readonly arguments: readonly number[]
  readonly unsigned: boolean
}

export function readType(column: ColumnShape): DeclaredType {
  if (column.base !== undefined) return { name: column.base, arguments: [], unsigned: false }
  const [, listed] = /\((-?\d+(?:,-?\d+)?)\)/.exec(column.type) ?? []
  return {
    name: column.type.replace(/\(.*?\)/, '').replace(/ (?:unsigned|zerofill)\b/g, ''),
    arguments: listed?.split(',').map(Number) ?? [],
    unsigned: /\b(?:unsigned|zerofill)\b/.test(column.type),
  }
}

/** Types that hold any text as it is, up to their length. */
const PLAIN_TEXTS: ReadonlySet<string> = new Set([
  ...['text', 'character varying', 'character', 'citext', 'bpchar'],
  ...['varchar', 'char', 'tinytext', 'mediumtext', 'longtext'],
])

export function isPlainText(column: ColumnShape): boolean {
  return column.family === 'text' && PLAIN_TEXTS.has(readType(column).name)
}

/** Padded with spaces that the database takes away again, and with them those of the value. */
export function isPaddedText(column: ColumnShape): boolean {
  return ['char', 'character', 'bpchar'].includes(readType(column).name)
}

export function isSet(column: ColumnShape): boolean {
  return column.type.startsWith('set(')
}

/** How many characters a text may have at most, where that is declared. */
export function textLength(column: ColumnShape): number | undefined {
  const { name, arguments: declared } = readType(column)
  return /^(?:character varying|varchar|character|char)$/.test(name) ? declared[0] : undefined
}

const BITS: Readonly<Record<string, number>> = {
  ...{ tinyint: 8, smallint: 16, mediumint: 24, int: 32, integer: 32, bigint: 64 },
  ...{ int2: 16, int4: 32, int8: 64 },
}

/** The least and the greatest value of an integer type. */
export function integerRange(column: ColumnShape): { least: bigint; greatest: bigint } | undefined {
  const { name, unsigned } = readType(column)
  if (name === 'year') return { least: 0n, greatest: 2155n }
  if (name === 'oid') return { least: 0n, greatest: 2n ** 32n - 1n }
  const bits = BITS[name]
  if (bits === undefined) return undefined
  const size = 2n ** BigInt(bits)
  return unsigned ? { least: 0n, greatest: size - 1n } : { least: -size / 2n, greatest: size / 2n - 1n }
}

/** Digits before and after the point; undefined where a numeric is declared without. */
export function decimalDigits(column: ColumnShape): { whole: number; scale: number } | undefined {
  const { name, arguments: declared } = readType(column)
  if (name !== 'numeric' && name !== 'decimal') return undefined
  const [precision, scale = 0] = declared
  return precision === undefined ? undefined : { whole: precision - scale, scale }
}

/** Digits of a second that a point in time is kept with. MariaDB keeps none unless told to, PostgreSQL six. */
export function secondDigits(column: ColumnShape): number | undefined {
  if (!['time', 'timestamp', 'timestamptz'].includes(column.family)) return undefined
  const { name, arguments: declared } = readType(column)
  const isPostgres = /time zone$/.test(name) || column.base !== undefined
  return declared[0] ?? (isPostgres ? 6 : 0)
}

/** Rounds to a float of four bytes. */
export function isShortFloat(column: ColumnShape): boolean {
  return ['real', 'float', 'float4'].includes(readType(column).name)
}
