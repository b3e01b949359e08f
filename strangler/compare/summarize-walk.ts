import type { Difference, DifferenceKind } from '../core/compare-words.ts'
import type { PathNode } from './path-node.ts'
import { renderTexts, renderValue, SHOWN_LENGTH } from './render-value.ts'
import type { Walk } from './walk.ts'

/** A difference whose siblings are known by what they have in common. */
export interface PlacedDifference extends Omit<Difference, 'weight'> {
  readonly place: string
  readonly siblings: string
}

interface Group {
  readonly place: PathNode
  readonly kind: DifferenceKind
  readonly first: number
  count: number
}

/** The log of a walk, one entry for each place and kind. */
export function summarizeWalk(walk: Walk): PlacedDifference[] {
  const groups = new Map<string, Group>()
  for (const [at, place] of walk.places.entries()) {
    const kind = walk.kinds[at]!
    const key = `${place.id} ${kind}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { place, kind, first: at, count: 1 })
    else group.count += 1
  }
  return [...groups.values()].map(({ place, kind, first, count }) => ({
    kind,
    path: place.path,
    count,
    ...showPair(place, walk.primaries[first], walk.shadows[first]),
    place: place.path,
    siblings: place.parent?.path ?? '',
  }))
}

function showPair(place: PathNode, one: unknown, other: unknown): Pick<Difference, 'primary' | 'shadow'> {
  if (
    typeof one === 'string' &&
    typeof other === 'string' &&
    Math.max(one.length, other.length) > SHOWN_LENGTH
  ) {
    const [primary, shadow] = renderTexts(place, one, other)
    return { primary, shadow }
  }
  const primary = renderValue(place, one)
  const shadow = renderValue(place, other)
  return { ...(primary === undefined ? {} : { primary }), ...(shadow === undefined ? {} : { shadow }) }
}

/** Weighs differences by how many of their siblings differ too, and puts those first that have few. */
export function weighDifferences(differences: readonly PlacedDifference[]): Difference[] {
  const siblings = new Map<string, Set<string>>()
  for (const difference of differences) {
    const places = siblings.get(difference.siblings) ?? new Set()
    siblings.set(difference.siblings, places.add(difference.place))
  }
  return differences
    .map(({ place: _place, siblings: among, ...difference }) => ({
      ...difference,
      weight: siblings.get(among)?.size ?? 1,
    }))
    .sort((one, other) => one.weight - other.weight || other.count - one.count)
}
