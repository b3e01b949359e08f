import type { CellText, ColumnShape } from '../core/sync-words.ts'
import { decimalDigits, isPaddedText, isSet, isShortFloat, readType, secondDigits } from './column-facts.ts'

/** Says why a column would keep something else than the text, or undefined. */
type FindLoss = (text: string) => string | undefined

/**
 * A check for a column into which the database would write another value without an error: it rounds decimals, fractions of seconds and
 * floats, pads bytes, drops spaces, and takes a text for the enum's label that is most like it. Undefined where the database refuses by itself.
 * @returns throws for such a text: the row then waits in quarantine instead of being changed on its way
 */
export function exactCheck(column: ColumnShape): ((text: CellText) => void) | undefined {
  const findLoss = lossFinder(column)
  if (findLoss === undefined) return undefined
  return (text) => {
    const loss = text === null ? undefined : findLoss(text)
    if (loss === undefined || text === null) return
    // Without the value, which may be somebody's: the quarantine names the row.
    throw new Error(`Column ${column.name} (${column.type}) cannot hold the value: ${loss}.`)
  }
}

function lossFinder(column: ColumnShape): FindLoss | undefined {
  const { name, arguments: declared } = readType(column)
  switch (column.family) {
    case 'decimal':
      return lossOfDecimal(column)
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return lossOfSeconds(secondDigits(column) ?? 6)
    case 'float':
      return isShortFloat(column) ? lossOfFloat : undefined
    case 'bytes':
      return name === 'binary' ? lossOfBytes(declared[0] ?? 1) : undefined
    case 'integer':
      return name === 'year' ? lossOfYear : undefined
    case 'enum':
      return lossOfLabel(column.enumLabels ?? [])
    case 'text':
      if (isSet(column)) return lossOfSet(column)
      return isPaddedText(column) ? lossOfSpaces : undefined
    default:
      return undefined
  }
}

/** A negative scale rounds before the point. */
function lossOfDecimal(column: ColumnShape): FindLoss | undefined {
  const digits = decimalDigits(column)
  if (digits === undefined) return undefined
  const { scale } = digits
  return (text) => {
    const [, whole = '', fraction = ''] = /^-?(\d*)(?:\.(\d*))?$/.exec(text) ?? []
    const isRounded =
      scale >= 0
        ? fraction.replace(/0+$/, '').length > scale
        : /[1-9]/.test(fraction) || /[1-9]/.test(whole.slice(scale))
    return isRounded ? `it would be rounded to ${scale} decimals` : undefined
  }
}

function lossOfSeconds(digits: number): FindLoss | undefined {
  if (digits >= 6) return undefined
  return (text) => {
    const fraction = /\.(\d+)(?: BC)?$/.exec(text)?.[1] ?? ''
    return fraction.replace(/0+$/, '').length > digits
      ? `it would be cut to ${digits} digits of a second`
      : undefined
  }
}

/** The shortest text of a float of four bytes has at most nine digits, and reads back as it. */
function lossOfFloat(text: string): string | undefined {
  const value = Number(text)
  const short = Math.fround(value)
  if (!Number.isFinite(value) || value === 0) return undefined
  const isKept = [6, 7, 8, 9].some((digits) => Number(short.toPrecision(digits)) === value)
  return isKept ? undefined : 'it would be rounded to a float of four bytes'
}

function lossOfBytes(length: number): FindLoss {
  return (text) =>
    text.length < length * 2 ? `it would be filled up with zeros to ${length} bytes` : undefined
}

/** MariaDB reads two digits as a year of this century or the last. */
function lossOfYear(text: string): string | undefined {
  return /^(?:0|0000|19(?:0[1-9]|[1-9]\d)|20\d\d|21(?:[0-4]\d|5[0-5]))$/.test(text)
    ? undefined
    : 'it is no year from 1901 to 2155, nor 0'
}

function lossOfLabel(labels: readonly string[]): FindLoss {
  const known = new Set(labels)
  return (text) => (known.has(text) ? undefined : 'it is none of its labels')
}

/** The members in the order of their declaration, each once: any other text comes back as another one. */
function lossOfSet(column: ColumnShape): FindLoss {
  const members = setMembers(column)
  return (text) => {
    const wanted = text === '' ? [] : text.split(',')
    const kept = members.filter((member) => wanted.includes(member))
    return kept.join(',') === text
      ? undefined
      : 'a set keeps its members once, in the order of its declaration'
  }
}

/** `set('a','it''s')` → a, it's */
export function setMembers({ type }: ColumnShape): string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, member]) => (member ?? '').replaceAll("''", "'"))
}

function lossOfSpaces(text: string): string | undefined {
  return text.endsWith(' ') ? 'it would lose the spaces at its end' : undefined
}
