import { ABSENT, isBranch, type Members } from './body-values.ts'
import { AmbiguousObject, ExactNumber } from './exact-json.ts'
import { MASK, maskTokens } from './mask-tokens.ts'
import type { PathNode } from './path-node.ts'

/** So long is a value that a difference shows. */
export const SHOWN_LENGTH = 200

/** A value as JSON text, secrets masked, cut; undefined for what is not there. Costs no more than what it shows. */
export function renderValue(place: PathNode, value: unknown, length = SHOWN_LENGTH): string | undefined {
  if (value === ABSENT) return undefined
  const writer = new Writer(length)
  writer.write(place, value)
  return writer.finish()
}

/**
 * Two texts that are too long to be shown: each from shortly before the place where they begin to differ.
 */
export function renderTexts(place: PathNode, ...texts: [string, string]): [string, string] {
  // Before anything is cut: what is left of a secret whose name was cut off would not look like one.
  const [primary, shadow] = [maskTokens(texts[0]), maskTokens(texts[1])]
  let same = 0
  while (same < primary.length && primary[same] === shadow[same]) same += 1
  const start = Math.max(0, same - 40)
  const cut = (text: string) =>
    renderValue(place, `${start > 0 ? '…' : ''}${text.slice(start, start + 2 * SHOWN_LENGTH)}`) ?? ''
  return [cut(primary), cut(shadow)]
}

class Writer {
  readonly #length: number
  #text = ''

  constructor(length: number) {
    this.#length = length
  }

  write(place: PathNode, value: unknown): void {
    if (this.#isFull()) return
    if (place.rules.masked) this.#add(JSON.stringify(MASK))
    else if (!isBranch(value)) this.#writeLeaf(value)
    else if (Array.isArray(value)) this.#writeEntries(place, value)
    else this.#writeMembers(place, value as Members)
  }

  finish(): string {
    return this.#text.length > this.#length ? `${this.#text.slice(0, this.#length)}…` : this.#text
  }

  #writeEntries(place: PathNode, list: readonly unknown[]): void {
    this.#add('[')
    for (const [index, entry] of list.entries()) {
      if (this.#isFull()) return
      if (index > 0) this.#add(',')
      this.write(place.entry(), entry)
    }
    this.#add(']')
  }

  #writeMembers(place: PathNode, object: Members): void {
    this.#add('{')
    let index = 0
    for (const name of Object.keys(object)) {
      if (this.#isFull()) return
      this.#add(
        `${index > 0 ? ',' : ''}${JSON.stringify(name.includes('@') && name[0] !== '@' ? MASK : name)}:`,
      )
      this.write(place.member(name, index), object[name])
      index += 1
    }
    this.#add('}')
  }

  #writeLeaf(value: unknown): void {
    if (value instanceof ExactNumber) this.#add(value.text)
    // Its names are not places, so no rule can say which of its values are secret.
    else if (value instanceof AmbiguousObject) this.#add(`{"${MASK}":"one name stands twice"}`)
    else if (typeof value === 'string') this.#add(JSON.stringify(this.#cut(value)))
    else this.#add(String(value))
  }

  #add(text: string): void {
    this.#text += text
  }

  /** A secret that is cut in two is looked for with what follows it. */
  #cut(text: string): string {
    return maskTokens(text.slice(0, this.#length + 4_096)).slice(0, this.#length + 1)
  }

  #isFull(): boolean {
    return this.#text.length > this.#length
  }
}
