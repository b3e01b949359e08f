/**
 * One text per JSON value: keys sorted, no spaces, numbers by their exact value. `JSON.parse` alone would round 12345678901234567890.
 * Of a key that stands twice the last one counts, as in jsonb and in JavaScript.
 * @param scalars `texts`: numbers and truth values are written as texts, `[1.50]` as `["1.5"]`
 * @throws SyntaxError when the text is not JSON
 */
export function canonicalizeJson(text: string, scalars: 'values' | 'texts' = 'values'): string {
  const scanner = new Scanner(text, scalars)
  const value = scanner.readValue()
  scanner.expectEnd()
  return value
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** A decimal without leading and trailing zeros: `-1.50` → `-1.5`, `1e2` → `100`. What is not a number (NaN, Infinity) stays. */
export function canonicalizeDecimal(text: string): string {
  const parts = splitNumber(text)
  if (parts === undefined) return text
  const { sign, digits, exponent } = parts
  // Nobody stores such a number by accident; written out it would fill the memory.
  if (Math.abs(exponent) > 20_000) return formatScientific(parts)
  if (exponent >= 0) return `${sign}${digits}${'0'.repeat(exponent)}`
  const padded = digits.padStart(1 - exponent, '0')
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}

interface NumberParts {
  readonly sign: string
  /** Without zeros at either end; `0` for zero. */
  readonly digits: string
  readonly exponent: number
}

function splitNumber(text: string): NumberParts | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  const all = (whole + fraction).replace(/^0+/, '')
  if (whole + fraction === '') return undefined
  const digits = all.replace(/0+$/, '')
  if (digits === '') return { sign: '', digits: '0', exponent: 0 }
  return {
    sign: sign === '-' ? '-' : '',
    digits,
    exponent: Number(exponent) - fraction.length + all.length - digits.length,
  }
}

function formatScientific({ sign, digits, exponent }: NumberParts): string {
  return exponent === 0 ? sign + digits : `${sign}${digits}e${exponent}`
}

class Scanner {
  readonly #text: string
  readonly #scalars: 'values' | 'texts'
  #at = 0

  constructor(text: string, scalars: 'values' | 'texts') {
    this.#text = text
    this.#scalars = scalars
  }

  readValue(): string {
    this.#skipSpace()
    const next = this.#text[this.#at]
    if (next === '{') return this.#readObject()
    if (next === '[') return this.#readArray()
    if (next === '"') return JSON.stringify(this.#readString())
    return this.#readScalar()
  }

  expectEnd(): void {
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#fail()
  }

  #readObject(): string {
    const members = new Map<string, string>()
    this.#readList('}', () => {
      this.#skipSpace()
      const name = this.#readString()
      this.#skipSpace()
      if (this.#text[this.#at++] !== ':') this.#fail()
      members.set(name, this.readValue())
    })
    const sorted = [...members].sort(([one], [other]) => (one < other ? -1 : 1))
    return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
  }

  #readArray(): string {
    const values: string[] = []
    this.#readList(']', () => values.push(this.readValue()))
    return `[${values.join(',')}]`
  }

  #readList(end: string, readEntry: () => void): void {
    this.#at += 1
    this.#skipSpace()
    if (this.#text[this.#at] === end) {
      this.#at += 1
      return
    }
    for (;;) {
      readEntry()
      this.#skipSpace()
      const next = this.#text[this.#at++]
      if (next === end) return
      if (next !== ',') this.#fail()
    }
  }

  #readString(): string {
    const start = this.#at
    if (this.#text[start] !== '"') this.#fail()
    let end = start + 1
    while (this.#text[end] !== '"') {
      if (end >= this.#text.length) this.#fail()
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#at = end + 1
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #readScalar(): string {
    const [token = ''] = /^[^\s,\]}]+/.exec(this.#text.slice(this.#at, this.#at + 200_000)) ?? []
    this.#at += token.length
    if (token === 'null') return token
    if (token === 'true' || token === 'false') return this.#scalars === 'texts' ? `"${token}"` : token
    const parts = splitNumber(token)
    if (parts === undefined) {
      this.#at -= token.length
      return this.#fail()
    }
    return this.#scalars === 'texts' ? `"${canonicalizeDecimal(token)}"` : formatScientific(parts)
  }

  #skipSpace(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1
  }

  #fail(): never {
    throw new SyntaxError(`This is not JSON: unexpected text at character ${this.#at}.`)
  }
}
