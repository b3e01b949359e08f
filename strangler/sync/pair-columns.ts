import type { ColumnFamily, ColumnShape } from '../core/sync-words.ts'
import {
  decimalDigits,
  integerRange,
  isPaddedText,
  isPlainText,
  isSet,
  isShortFloat,
  readType,
  secondDigits,
  textLength,
} from './column-facts.ts'
import { setMembers } from './exact-text.ts'

/** Two columns of which one becomes the other, with the families by which both sides read and write them. */
export interface PairedColumns {
  readonly monolith: ColumnShape
  readonly service: ColumnShape
  /** Why the service's column cannot hold what the monolith's can, and what mends it. */
  readonly problem: string | undefined
}

/**
 * Settles how a column travels to another type. The forward direction must fit by declaration; what the service can hold beyond the
 * monolith is found row by row on the way back, since the monolith's schema is not to be changed. So is what has no declared limit.
 */
export function pairColumns(monolith: ColumnShape, service: ColumnShape): PairedColumns {
  const pair = agree(monolith, service)
  if (pair === undefined) {
    const problem = `${describe(monolith)} has no counterpart in ${describe(service)}; give both one type, turn it with \`map\` and \`unmap\`, or drop it with \`${monolith.name}: null\``
    return { monolith, service, problem }
  }
  const narrow = findNarrow(pair[0], pair[1])
  const problem = narrow && `${describe(service)} cannot hold every value of ${describe(monolith)}: ${narrow}`
  return { monolith: pair[0], service: pair[1], problem }
}

function describe(column: ColumnShape): string {
  return `${column.name} (${column.type})`
}

/** Columns that hold another family's values when the other side says so. */
const READINGS: readonly { when: (column: ColumnShape) => boolean; as: ColumnFamily }[] = [
  { as: 'boolean', when: ({ type }) => type === 'tinyint(1)' || type === 'bit(1)' },
  { as: 'uuid', when: ({ type }) => /^(?:char\(36\)|varchar\(36\)|binary\(16\))/.test(type) },
  // MariaDB's JSON is a text, and has a collation.
  { as: 'array', when: ({ family, collation }) => family === 'json' && collation !== undefined },
  { as: 'json', when: isPlainText },
]

/** Families whose texts are the same for the same value. */
const ALIKE: readonly (readonly [ColumnFamily, ColumnFamily])[] = [
  ['integer', 'decimal'],
  // An instant is carried as its time in UTC.
  ['timestamp', 'timestamptz'],
  ['enum', 'text'],
  ['uuid', 'text'],
]

function agree(one: ColumnShape, other: ColumnShape): [ColumnShape, ColumnShape] | undefined {
  if (hasOwnForm(one) || hasOwnForm(other))
    return one.family === other.family && nameOf(one) === nameOf(other) ? [one, other] : undefined
  if (one.family === other.family) return [one, other]
  for (const { when, as } of READINGS) {
    if (other.family === as && when(one)) return [{ ...one, family: as }, other]
    if (one.family === as && when(other)) return [one, { ...other, family: as }]
  }
  const isAlike = ALIKE.some(
    ([first, second]) =>
      (one.family === first && other.family === second) || (one.family === second && other.family === first),
  )
  return isAlike ? [one, other] : undefined
}

/** A text or bytes in a form that only its own type knows: an address, a range, a composite, a geometry; money, whose scale is the server's. */
function hasOwnForm(column: ColumnShape): boolean {
  if (column.family === 'text') return !isPlainText(column) && !isSet(column)
  if (column.family === 'bytes') return !/^(?:bytea|(?:var)?binary|\w*blob)$/.test(readType(column).name)
  return readType(column).name === 'money'
}

/** Without lengths, and without the schema, which may differ. */
function nameOf(column: ColumnShape): string {
  return readType(column).name.replace(/^.*\./, '')
}

type FindNarrow = (monolith: ColumnShape, service: ColumnShape) => string | undefined

/** In words that say the mend; the first that applies. */
function findNarrow(monolith: ColumnShape, service: ColumnShape): string | undefined {
  for (const find of [
    narrowNumber,
    narrowSeconds,
    narrowFloat,
    narrowText,
    narrowBytes,
    narrowLabels,
    narrowBits,
  ]) {
    const found = find(monolith, service)
    if (found !== undefined) return found
  }
  return undefined
}

const narrowNumber: FindNarrow = (monolith, service) => {
  const [range, room] = [integerRange(monolith), integerRange(service)]
  if (range !== undefined && room !== undefined) {
    const isWithin = room.least <= range.least && range.greatest <= room.greatest
    return isWithin
      ? undefined
      : `make it an integer from ${range.least} to ${range.greatest}, or a numeric(20)`
  }
  const digits =
    range === undefined ? decimalDigits(monolith) : { whole: String(range.greatest).length, scale: 0 }
  const places =
    room === undefined ? decimalDigits(service) : { whole: String(room.greatest).length - 1, scale: 0 }
  if (monolith.family === 'decimal' && service.family === 'integer' && digits === undefined)
    return 'make it numeric as well'
  if (digits === undefined || places === undefined) return undefined
  const isWithin = digits.whole <= places.whole && digits.scale <= places.scale
  const precision = Math.max(digits.whole, places.whole) + Math.max(digits.scale, places.scale, 0)
  return isWithin ? undefined : `make it numeric(${precision},${Math.max(digits.scale, places.scale)})`
}

const narrowSeconds: FindNarrow = (monolith, service) => {
  const [digits, room] = [secondDigits(monolith), secondDigits(service)]
  if (digits === undefined || room === undefined || digits <= room) return undefined
  return `it keeps ${room} digits of a second, and would cut the others without a word; make it one with (${digits})`
}

/** The database rounds a long float into a short one, and one of `float(7,2)` to its decimals. */
const narrowFloat: FindNarrow = (monolith, service) => {
  if (service.family !== 'float' || monolith.type === service.type) return undefined
  const isShorter = isShortFloat(service) && !isShortFloat(monolith)
  return isShorter || readType(service).arguments.length === 2
    ? 'it would round; make it a double precision without a scale'
    : undefined
}

const narrowText: FindNarrow = (monolith, service) => {
  if (!isPlainText(monolith) || !isPlainText(service)) return undefined
  const [length, room] = [textLength(monolith), textLength(service)]
  if (isPaddedText(service) && !isPaddedText(monolith))
    return 'it drops spaces at the end without a word; make it a varchar'
  return length !== undefined && room !== undefined && length > room
    ? `make it a varchar(${length})`
    : undefined
}

const narrowBytes: FindNarrow = (monolith, service) => {
  if (readType(service).name !== 'binary' || service.family !== 'bytes') return undefined
  return monolith.type === service.type
    ? undefined
    : 'it is filled up with zeros without a word; make it a varbinary or a blob'
}

const narrowLabels: FindNarrow = (monolith, service) => {
  const labels = isSet(monolith) ? setMembers(monolith) : (monolith.enumLabels ?? [])
  const known = isSet(service) ? setMembers(service) : service.enumLabels
  const missing = known === undefined ? [] : labels.filter((label) => !known.includes(label))
  return missing.length === 0 ? undefined : `add the label ${missing.map((label) => `'${label}'`).join(', ')}`
}

const narrowBits: FindNarrow = (monolith, service) => {
  if (monolith.family !== 'bit' || service.family !== 'bit') return undefined
  const isFree = nameOf(service) === 'bit varying' || nameOf(service) === 'varbit'
  const [length = 1] = readType(monolith).arguments
  const [room] = readType(service).arguments
  const fits = isFree
    ? room === undefined || length <= room
    : nameOf(monolith) === 'bit' && length === (room ?? 1)
  return fits ? undefined : 'as many bits are needed as the monolith has; make both of one length'
}
