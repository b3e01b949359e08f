import type { Side } from '../core/words.ts'

type Id = string | number

/** The ids of two answers that are compared: which of the second one's belongs to which of the first one's. */
export interface AliasView {
  /** How the second side calls what the first calls so; undefined when nobody knows. */
  resolve(of: string, primary: Id): string | undefined
  /** Remembers a pair; undefined where these answers teach nothing. */
  readonly learn: ((of: string, primary: Id, shadow: Id) => void) | undefined
}

/** Which id of the service belongs to which of the monolith, as learnt from paired answers. Bounded: the oldest go first. */
export class AliasBook {
  readonly #bound: number
  readonly #known = { monolith: new Map<string, string>(), service: new Map<string, string>() }

  constructor(bound = 10_000) {
    this.#bound = bound
  }

  get size(): number {
    return this.#known.monolith.size
  }

  /** What belonged to either of them until now does no more. */
  learn(of: string, ids: Readonly<Record<Side, Id>>): void {
    const { monolith, service } = this.#known
    this.#forget(of, 'monolith', ids.monolith)
    this.#forget(of, 'service', ids.service)
    monolith.set(keyOf(of, ids.monolith), String(ids.service))
    service.set(keyOf(of, ids.service), String(ids.monolith))
    if (monolith.size <= this.#bound) return
    for (const oldest of monolith.keys()) {
      const [oldestOf = '', id = ''] = oldest.split(/\n(.*)/s)
      this.#forget(oldestOf, 'monolith', id)
      return
    }
  }

  /** How the other side calls what `side` calls so; undefined when nobody knows. */
  resolve(of: string, side: Side, id: Id): string | undefined {
    return this.#known[side].get(keyOf(of, id))
  }

  /** Between answers of these sides. Two answers of one side have the same ids, or differ. */
  between(primary: Side, shadow: Side, { learns }: { readonly learns: boolean }): AliasView {
    if (primary === shadow) return { resolve: (_of, id) => String(id), learn: undefined }
    const learn = (of: string, one: Id, other: Id) =>
      this.learn(
        of,
        primary === 'monolith' ? { monolith: one, service: other } : { monolith: other, service: one },
      )
    return { resolve: (of, id) => this.resolve(of, primary, id), learn: learns ? learn : undefined }
  }

  #forget(of: string, side: Side, id: Id): void {
    const other = side === 'monolith' ? 'service' : 'monolith'
    const partner = this.#known[side].get(keyOf(of, id))
    if (partner === undefined) return
    this.#known[side].delete(keyOf(of, id))
    this.#known[other].delete(keyOf(of, partner))
  }
}

function keyOf(of: string, id: Id): string {
  return `${of}\n${id}`
}
