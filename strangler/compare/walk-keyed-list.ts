import { ABSENT, type Members } from './body-values.ts'
import type { PathNode } from './path-node.ts'
import type { Walk } from './walk.ts'

interface KeyedLists {
  readonly primary: readonly unknown[]
  readonly shadow: readonly unknown[]
  /** The member by which entries belong together; where it stands twice, the first goes with the first. */
  readonly keyedBy: string
}

/** Compares entries that have the same key, wherever they stand. Linear. */
export function walkKeyedList(walk: Walk, entry: PathNode, { primary, shadow, keyedBy }: KeyedLists): void {
  const waiting = new Map<string, number[]>()
  // From the end, so that `pop` takes the first one.
  for (let index = shadow.length - 1; index >= 0; index -= 1) {
    const key = readKey(shadow[index], keyedBy)
    const indexes = waiting.get(key)
    if (indexes === undefined) waiting.set(key, [index])
    else indexes.push(index)
  }
  for (const value of primary) {
    const partner = waiting.get(readKey(value, keyedBy))?.pop()
    if (partner === undefined) walk.record(entry, 'missing', value, ABSENT)
    else walk.compare(entry, value, shadow[partner])
  }
  for (const indexes of waiting.values()) {
    for (const index of indexes) walk.record(entry, 'extra', ABSENT, shadow[index])
  }
  walk.visited += primary.length + shadow.length
}

/** 1 and "1" are two keys. All entries without one share one key. */
function readKey(entry: unknown, keyedBy: string): string {
  if (typeof entry !== 'object' || entry === null || !Object.hasOwn(entry, keyedBy)) return ''
  const key = (entry as Members)[keyedBy]
  return typeof key === 'object' ? JSON.stringify(key) : `${typeof key}:${String(key)}`
}
