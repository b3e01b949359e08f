import type { AliasView } from './alias-book.ts'

/** A place where each side has an id of its own making. `learn`: here two that meet belong together for certain. */
export interface AliasPlace {
  readonly of: string
  readonly learn?: boolean | undefined
}

export interface LearnedAlias {
  readonly of: string
  readonly primary: string | number
  readonly shadow: string | number
}

/** What two answers have shown of ids so far. */
export interface MetAliases {
  /** Ids that differ and of which nobody knows whether they belong together. */
  unresolvedAliases: number
  /** Pairs that were met where they belong together for certain. */
  readonly learned: LearnedAlias[]
}

/** Whether two different ids may be the same thing: they are known to be, can be learnt to be, or nobody knows. */
export function isAlias(
  met: MetAliases,
  { of, learn, view }: AliasPlace & { readonly view: AliasView | undefined },
  [primary, shadow]: readonly [unknown, unknown],
): boolean {
  if (!isId(primary) || !isId(shadow)) return false
  const known = view?.resolve(of, primary)
  if (known !== undefined) return known === String(shadow)
  if (learn === true && view?.learn !== undefined) met.learned.push({ of, primary, shadow })
  else met.unresolvedAliases += 1
  return true
}

const BETWEEN_IDS = /([/?&=#,;<>"\s]+)/

/** The same for a text that ids are parts of, as an address in `Location`. */
export function isSameButForIds(
  met: MetAliases,
  place: AliasPlace & { readonly view: AliasView | undefined },
  [primary, shadow]: readonly [string, string],
): boolean {
  const [parts, others] = [primary.split(BETWEEN_IDS), shadow.split(BETWEEN_IDS)]
  if (parts.length !== others.length) return false
  return parts.every(
    (part, at) => part === others[at] || (at % 2 === 0 && isAlias(met, place, [part, others[at]])),
  )
}

function isId(value: unknown): value is string | number {
  return typeof value === 'number' || typeof value === 'string'
}
