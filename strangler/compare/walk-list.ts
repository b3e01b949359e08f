import { ABSENT } from './body-values.ts'
import { hashShallowly, hashValue } from './hash-value.ts'
import { matchEqualEntries, type OpenEntries, pairByLikeness } from './match-entries.ts'
import type { PathNode } from './path-node.ts'
import type { Walk } from './walk.ts'
import { walkKeyedList } from './walk-keyed-list.ts'

export interface ListPair {
  readonly primary: readonly unknown[]
  readonly shadow: readonly unknown[]
}

/** Compares two lists as the rules for their place say. */
export function walkList(walk: Walk, place: PathNode, lists: ListPair): void {
  const { list } = place.rules
  if (lists.primary.length !== lists.shadow.length) {
    walk.record(place, 'length', lists.primary.length, lists.shadow.length)
  }
  if (list?.keyedBy !== undefined) walkKeyedList(walk, place.entry(), { ...lists, keyedBy: list.keyedBy })
  else if (list !== undefined) walkSet(walk, place, lists)
  else walkOrdered(walk, place, lists)
}

/** Where order means nothing: equal entries belong together, wherever they stand, as often as they stand there. */
function walkSet(walk: Walk, place: PathNode, { primary, shadow }: ListPair): void {
  const entry = place.entry()
  // What stands at the same index on both sides need not be searched for.
  const settled = (index: number) => index < shorter && areAlike(walk, entry, primary[index], shadow[index])
  const shorter = Math.min(primary.length, shadow.length)
  const same = new Set(indexesOf(primary).filter(settled))
  const all = {
    primary,
    shadow,
    primaryIndexes: without(indexesOf(primary), same),
    shadowIndexes: without(indexesOf(shadow), same),
  }
  const open = withoutMatched(all, matchEqualEntries(walk, entry, all))
  const pairs = pairByLikeness(open)
  for (const [one, other] of pairs) walk.compare(entry, primary[one], shadow[other])
  recordAlone(walk, entry, {
    ...open,
    primaryIndexes: without(open.primaryIndexes, new Set(pairs.map(([one]) => one))),
    shadowIndexes: without(open.shadowIndexes, new Set(pairs.map(([, other]) => other))),
  })
}

/** The hash is asked first: sets in sets that differ would otherwise be walked twice at every level. */
function areAlike(walk: Walk, entry: PathNode, one: unknown, other: unknown): boolean {
  if (one === other) return true
  return hashValue(walk, entry, one) === hashValue(walk, entry, other) && walk.areEqual(entry, one, other)
}

/**
 * Entry by entry. Where that finds differences, it is asked once whether the differing entries stand elsewhere in the other list:
 * a moved entry is one difference, and not one for each of its fields.
 */
function walkOrdered(walk: Walk, place: PathNode, lists: ListPair): void {
  if (lists.primary.length === lists.shadow.length) walkSameLength(walk, place, lists)
  else walkOtherLength(walk, place, lists)
}

function walkSameLength(walk: Walk, place: PathNode, { primary, shadow }: ListPair): void {
  const entry = place.entry()
  const start = walk.mark()
  const differing: number[] = []
  for (let index = 0; index < primary.length; index += 1) {
    const value = primary[index]
    const other = shadow[index]
    if (value === other) continue
    const mark = walk.mark()
    walk.compare(entry, value, other)
    if (walk.mark() > mark) differing.push(index)
  }
  walk.visited += primary.length
  if (differing.length < 2 || !walk.mayLookForMoves()) return
  const open = { primary, shadow, primaryIndexes: differing, shadowIndexes: differing }
  if (!hasMoved(walk, entry, open)) return
  const partners = matchEqualEntries(walk, entry, open)
  if (partners.every((partner) => partner < 0)) return
  walk.cutBack(start)
  recordMatched(walk, place, { open, partners })
}

/** So many entries are looked at before all of them are: where none of these has moved, none is assumed to have. */
const SAMPLE = 48

/** Whether an entry of a sample looks like one that stands elsewhere in the other list, and not like the one in its own place. */
function hasMoved(walk: Walk, entry: PathNode, { primary, shadow, primaryIndexes }: OpenEntries): boolean {
  const looks = primaryIndexes.map((index) => hashShallowly(walk, entry, shadow[index]))
  const seen = new Set(looks)
  const step = Math.ceil(primaryIndexes.length / SAMPLE)
  for (let at = 0; at < primaryIndexes.length; at += step) {
    const look = hashShallowly(walk, entry, primary[primaryIndexes[at]!])
    if (look !== looks[at] && seen.has(look)) return true
  }
  return false
}

function walkOtherLength(walk: Walk, place: PathNode, { primary, shadow }: ListPair): void {
  const entry = place.entry()
  const shorter = Math.min(primary.length, shadow.length)
  const isEqual = (one: number, other: number) =>
    primary[one] === shadow[other] || walk.areEqual(entry, primary[one], shadow[other])
  const isSearched = walk.mayLookForMoves()
  let head = 0
  while (isSearched && head < shorter && isEqual(head, head)) head += 1
  let tail = 0
  while (
    isSearched &&
    tail < shorter - head &&
    isEqual(primary.length - 1 - tail, shadow.length - 1 - tail)
  ) {
    tail += 1
  }
  walk.visited += head + tail
  const open = {
    primary,
    shadow,
    primaryIndexes: indexesOf(primary).slice(head, primary.length - tail),
    shadowIndexes: indexesOf(shadow).slice(head, shadow.length - tail),
  }
  const partners = isSearched ? matchEqualEntries(walk, entry, open) : open.primaryIndexes.map(() => -1)
  recordMatched(walk, place, { open, partners })
}

interface Matched {
  readonly open: OpenEntries
  /** For every open entry of the primary the index of its equal, or −1. */
  readonly partners: readonly number[]
}

/** Records what is left when equal entries are taken out: an order, entries that differ, entries on one side only. */
function recordMatched(walk: Walk, place: PathNode, { open, partners }: Matched): void {
  const { primary, shadow } = open
  const steps = countStepsBack(partners)
  if (steps > 0) walk.record(place, 'order', primary, shadow)
  const rest = withoutMatched(open, partners)
  const gaps = steps > 0 ? [rest] : splitAtMatches(open, partners)
  for (const gap of gaps) {
    const both = Math.min(gap.primaryIndexes.length, gap.shadowIndexes.length)
    for (let at = 0; at < both; at += 1) {
      walk.compare(place.entry(), primary[gap.primaryIndexes[at]!], shadow[gap.shadowIndexes[at]!])
    }
    recordAlone(walk, place.entry(), {
      ...gap,
      primaryIndexes: gap.primaryIndexes.slice(both),
      shadowIndexes: gap.shadowIndexes.slice(both),
    })
  }
}

/** How often the partner of an entry stands before the partner of the entry before it. */
function countStepsBack(partners: readonly number[]): number {
  let steps = 0
  let last = -1
  for (const partner of partners) {
    if (partner < 0) continue
    if (partner < last) steps += 1
    last = partner
  }
  return steps
}

/** What stands between one match and the next, in lists whose matches are in order: it was there, changed, or is new. */
function splitAtMatches(open: OpenEntries, partners: readonly number[]): OpenEntries[] {
  const gaps: OpenEntries[] = []
  let mine: number[] = []
  let next = 0
  const close = (until: number) => {
    const theirs: number[] = []
    for (; next < open.shadowIndexes.length && open.shadowIndexes[next]! < until; next += 1) {
      theirs.push(open.shadowIndexes[next]!)
    }
    if (mine.length + theirs.length > 0) gaps.push({ ...open, primaryIndexes: mine, shadowIndexes: theirs })
    mine = []
  }
  for (const [at, index] of open.primaryIndexes.entries()) {
    const partner = partners[at]!
    if (partner < 0) {
      mine.push(index)
      continue
    }
    close(partner)
    next += 1
  }
  close(Number.POSITIVE_INFINITY)
  return gaps
}

function withoutMatched(open: OpenEntries, partners: readonly number[]): OpenEntries {
  const taken = new Set(partners)
  return {
    ...open,
    primaryIndexes: open.primaryIndexes.filter((_, at) => partners[at]! < 0),
    shadowIndexes: without(open.shadowIndexes, taken),
  }
}

function recordAlone(walk: Walk, entry: PathNode, open: OpenEntries): void {
  for (const index of open.primaryIndexes) walk.record(entry, 'missing', open.primary[index], ABSENT)
  for (const index of open.shadowIndexes) walk.record(entry, 'extra', ABSENT, open.shadow[index])
}

function without(indexes: readonly number[], taken: ReadonlySet<number>): number[] {
  return indexes.filter((index) => !taken.has(index))
}

function indexesOf(list: readonly unknown[]): number[] {
  return Array.from(list, (_, index) => index)
}
