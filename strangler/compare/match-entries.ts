import { hashValue } from './hash-value.ts'
import type { PathNode } from './path-node.ts'
import type { Walk } from './walk.ts'

/** The entries of two lists that are still to be matched, by index. */
export interface OpenEntries {
  readonly primary: readonly unknown[]
  readonly shadow: readonly unknown[]
  readonly primaryIndexes: readonly number[]
  readonly shadowIndexes: readonly number[]
}

/** So many entries of one hash are tried. More would be quadratic for lists that are built to collide. */
const TRIES = 8

/** For every open entry of the primary, in order: the index of its equal in the shadow's list, or −1. Linear. */
export function matchEqualEntries(walk: Walk, entry: PathNode, open: OpenEntries): number[] {
  const buckets = new Map<number, Bucket>()
  for (const index of open.shadowIndexes) {
    const hash = hashValue(walk, entry, open.shadow[index])
    const bucket = buckets.get(hash)
    if (bucket === undefined) buckets.set(hash, { indexes: [index], next: 0 })
    else bucket.indexes.push(index)
  }
  return open.primaryIndexes.map((index) => {
    const value = open.primary[index]
    const bucket = buckets.get(hashValue(walk, entry, value))
    return bucket === undefined
      ? -1
      : takeFrom(bucket, (candidate) => walk.areEqual(entry, value, open.shadow[candidate]))
  })
}

interface Bucket {
  readonly indexes: number[]
  /** Those before it are taken. */
  next: number
}

function takeFrom(bucket: Bucket, fits: (index: number) => boolean): number {
  const { indexes } = bucket
  const last = Math.min(indexes.length, bucket.next + TRIES)
  for (let at = bucket.next; at < last; at += 1) {
    const candidate = indexes[at]!
    if (!fits(candidate)) continue
    indexes[at] = indexes[bucket.next]!
    bucket.next += 1
    return candidate
  }
  return -1
}

/** So many members are tried as a name by which entries belong together. */
const KEY_TRIES = 8

/**
 * Pairs entries that are not equal by the first member that tells all of them apart, so that one wrong field shows as that
 * field. Those that find no partner stay alone.
 */
export function pairByLikeness(open: OpenEntries): (readonly [number, number])[] {
  const { primaryIndexes, shadowIndexes } = open
  const [one] = primaryIndexes
  const [other] = shadowIndexes
  if (one === undefined || other === undefined) return []
  if (primaryIndexes.length === 1 && shadowIndexes.length === 1) return [[one, other]]
  const first = open.primary[one]
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return []
  for (const name of Object.keys(first).slice(0, KEY_TRIES)) {
    const mine = indexBy(open.primary, primaryIndexes, name)
    const theirs = mine && indexBy(open.shadow, shadowIndexes, name)
    if (mine === undefined || theirs === undefined) continue
    const pairs = [...mine].flatMap(([key, index]) => {
      const partner = theirs.get(key)
      return partner === undefined ? [] : [[index, partner] as const]
    })
    if (pairs.length * 2 >= Math.min(mine.size, theirs.size)) return pairs
  }
  return []
}

/** Undefined when the member does not tell the entries apart. */
function indexBy(
  list: readonly unknown[],
  indexes: readonly number[],
  name: string,
): Map<unknown, number> | undefined {
  const found = new Map<unknown, number>()
  for (const index of indexes) {
    const entry = list[index]
    if (typeof entry !== 'object' || entry === null || !Object.hasOwn(entry, name)) return undefined
    const key = (entry as Record<string, unknown>)[name]
    if ((typeof key !== 'string' && typeof key !== 'number') || found.has(key)) return undefined
    found.set(key, index)
  }
  return found
}
