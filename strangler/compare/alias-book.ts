/** Which id of the shadow's belongs to which of the primary's, as learnt from paired answers. Bounded: the oldest go first. */
export class AliasBook {
  readonly #bound: number
  readonly #pairs = new Map<string, string>()

  constructor(bound = 10_000) {
    this.#bound = bound
  }

  get size(): number {
    return this.#pairs.size
  }

  learn(of: string, primary: string | number, shadow: string | number): void {
    const key = keyOf(of, primary)
    this.#pairs.delete(key)
    this.#pairs.set(key, String(shadow))
    if (this.#pairs.size <= this.#bound) return
    for (const oldest of this.#pairs.keys()) {
      this.#pairs.delete(oldest)
      return
    }
  }

  /** The shadow's id, or undefined. */
  resolve(of: string, primary: string | number): string | undefined {
    return this.#pairs.get(keyOf(of, primary))
  }
}

function keyOf(of: string, id: string | number): string {
  return `${of}\n${id}`
}
