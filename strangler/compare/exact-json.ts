import { isFaithful, normalizeDecimal } from './decimal-text.ts'

/** A number that a double would round: by its exact value, as text. Two of them are the same number when their texts are equal. */
export class ExactNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** An object in which one name stands twice: by its whole text, in which the order of one name's members is kept. */
export class AmbiguousObject {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * Reads JSON as its text says it, where `JSON.parse` would make different bodies equal. Slower; for the bodies that need it.
 * The depth must have been looked at before.
 * @throws SyntaxError when the text is not JSON
 */
export function parseExactJson(text: string): unknown {
  // It is the grammar's judge; here only what it loses is read again.
  JSON.parse(text)
  return new ExactReader(text).read()
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y

class ExactReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): unknown {
    this.#skipSpace()
    const next = this.#text[this.#at]
    if (next === '{') return this.#readObject()
    if (next === '[') return this.#readList()
    if (next === '"') return this.#readString()
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    return this.#readNumber()
  }

  #readObject(): unknown {
    const members: [string, unknown][] = []
    this.#readEntries('}', () => {
      this.#skipSpace()
      const name = this.#readString()
      this.#skipSpace()
      this.#at += 1
      members.push([name, this.read()])
    })
    const object = Object.fromEntries(members)
    if (Object.keys(object).length === members.length) return object
    const sorted = members.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    return new AmbiguousObject(
      `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${toExactText(value)}`).join(',')}}`,
    )
  }

  #readList(): unknown[] {
    const entries: unknown[] = []
    this.#readEntries(']', () => entries.push(this.read()))
    return entries
  }

  #readEntries(end: string, readEntry: () => void): void {
    this.#at += 1
    this.#skipSpace()
    if (this.#text[this.#at] !== end) {
      do {
        readEntry()
        this.#skipSpace()
      } while (this.#text[this.#at++] === ',')
      return
    }
    this.#at += 1
  }

  #readString(): string {
    const start = this.#at
    let end = this.#text.indexOf('"', start + 1)
    while (isEscaped(this.#text, end)) end = this.#text.indexOf('"', end + 1)
    this.#at = end + 1
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #readNumber(): number | ExactNumber {
    NUMBER.lastIndex = this.#at
    const [text = ''] = NUMBER.exec(this.#text) ?? []
    this.#at += text.length
    return isFaithful(text) ? Number(text) : new ExactNumber(normalizeDecimal(text))
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0
  }
}

const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

/** A value's text with sorted names, in which numbers and ambiguous objects stand exactly. */
export function toExactText(value: unknown): string {
  if (value instanceof ExactNumber || value instanceof AmbiguousObject) return value.text
  if (Array.isArray(value)) return `[${value.map(toExactText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toExactText(member)}`).join(',')}}`
}
