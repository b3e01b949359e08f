import { isBranch, type Members } from './body-values.ts'
import { ExactNumber } from './exact-json.ts'
import type { PathNode } from './path-node.ts'
import type { Walk } from './walk.ts'

/**
 * A number that values equal under the rules share. It only finds candidates: whoever uses it compares them afterwards, so a
 * collision costs a comparison and never a verdict.
 */
export function hashValue(walk: Walk, place: PathNode, value: unknown): number {
  if (place.rules.ignored || place.rules.isLenient) return 1
  if (!isBranch(value)) return hashLeaf(walk, value)
  const known = walk.hashes.get(value)
  if (known !== undefined) return known
  const hash = Array.isArray(value)
    ? hashEntries(walk, place, value)
    : hashMembers(walk, place, value as Members)
  walk.hashes.set(value, hash)
  return hash
}

function hashEntries(walk: Walk, place: PathNode, list: readonly unknown[]): number {
  walk.visited += list.length
  const entry = place.entry()
  let hash = list.length
  // Where order means nothing, it must not show in the hash either.
  const isOrdered = place.rules.list === undefined
  for (const value of list) {
    const one = hashValue(walk, entry, value)
    hash = isOrdered ? mix(hash, one) : (hash + mix(17, one)) | 0
  }
  return hash
}

function hashMembers(walk: Walk, place: PathNode, object: Members): number {
  const names = Object.keys(object)
  walk.visited += names.length
  let hash = 7
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index]!
    const value = object[name]
    if (value === null && walk.options.nullIsAbsent) continue
    const member = place.member(name, index)
    // The order of members means nothing, so their hashes are added.
    if (!member.rules.ignored) hash = (hash + mix(member.id, hashValue(walk, member, value))) | 0
  }
  return hash
}

/** A shallow hash looks at so many members of an object, and so deep. */
const SHALLOW_LEAVES = 3
const SHALLOW_DEPTH = 2

/** A hash of the first few leaves of a value: enough to guess whether a list is in another order, at a tenth of the price. */
export function hashShallowly(walk: Walk, place: PathNode, value: unknown): number {
  walk.visited += SHALLOW_LEAVES
  return hashFirstLeaves(walk, place, { value, depth: SHALLOW_DEPTH, leaves: SHALLOW_LEAVES })
}

function hashFirstLeaves(
  walk: Walk,
  place: PathNode,
  { value, depth, leaves }: { value: unknown; depth: number; leaves: number },
): number {
  if (place.rules.ignored || place.rules.isLenient) return 1
  if (!isBranch(value)) return hashLeaf(walk, value)
  if (Array.isArray(value)) return value.length
  let hash = 7
  let index = 0
  for (const name in value as Members) {
    if (index === leaves || depth === 0) break
    const member = place.member(name, index)
    const inner = (value as Members)[name]
    hash =
      (hash + mix(member.id, hashFirstLeaves(walk, member, { value: inner, depth: depth - 1, leaves }))) | 0
    index += 1
  }
  return hash
}

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)

function hashLeaf(walk: Walk, value: unknown): number {
  if (typeof value === 'string') return hashText(walk.normalize(value))
  if (typeof value === 'number') {
    bits[0] = value === 0 ? 0 : value
    return mix(words[0]!, words[1]!)
  }
  if (value instanceof ExactNumber) return hashText(value.text)
  return value === null ? 2 : value === true ? 3 : value === false ? 4 : 5
}

/** Reads sixteen letters at most, spread over the text: long texts differ somewhere else than their length more often than not. */
function hashText(text: string): number {
  const length = text.length
  let hash = length
  if (length <= 16) {
    for (let at = 0; at < length; at += 1) hash = mix(hash, text.charCodeAt(at))
    return hash
  }
  for (let sample = 0; sample < 8; sample += 1) {
    hash = mix(hash, text.charCodeAt(sample))
    hash = mix(hash, text.charCodeAt(length - 1 - sample))
  }
  return hash
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) | 0
}
