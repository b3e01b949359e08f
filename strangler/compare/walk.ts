import type { DifferenceKind } from '../core/compare-words.ts'
import type { AliasView } from './alias-book.ts'
import { ABSENT, isBranch, type Members } from './body-values.ts'
import type { LearnedAlias } from './judge-alias.ts'
import { judgeLeaf, stripBaseUrls } from './judge-leaf.ts'
import type { PathNode } from './path-node.ts'
import { walkList } from './walk-list.ts'

export interface WalkOptions {
  readonly baseUrls: readonly string[]
  readonly nullIsAbsent: boolean
  readonly aliases: AliasView | undefined
  /** How many values may be visited before lists are compared entry by entry only, without looking for moved ones. */
  readonly visitBound: number
}

/**
 * One walk over two values. Rules are applied on the way; what differs goes to a log, which is cut back where a list turns out to
 * differ in another way than its entries one by one.
 */
export class Walk {
  readonly options: WalkOptions
  readonly places: PathNode[] = []
  readonly kinds: DifferenceKind[] = []
  readonly primaries: unknown[] = []
  readonly shadows: unknown[] = []
  /** Hashes of objects and lists, so that nested lists do not hash them again. */
  readonly hashes = new Map<object, number>()
  unresolvedAliases = 0
  readonly learned: LearnedAlias[] = []
  visited = 0

  constructor(options: WalkOptions) {
    this.options = options
  }

  /** Compares two values at one place. Equal primitives need not be handed in. */
  compare(place: PathNode, primary: unknown, shadow: unknown): void {
    this.visited += 1
    if (primary === shadow || place.rules.ignored) return
    if (isBranch(primary) && isBranch(shadow)) {
      const isList = Array.isArray(primary)
      if (isList !== Array.isArray(shadow)) this.record(place, 'type', primary, shadow)
      else if (isList) walkList(this, place, { primary, shadow: shadow as readonly unknown[] })
      else this.#compareMembers(place, primary as Members, shadow as Members)
      return
    }
    const kind = judgeLeaf(this, place.rules, primary, shadow)
    if (kind !== undefined) this.record(place, kind, primary, shadow)
  }

  /** Whether two values are equal under the rules; leaves no trace in the log. */
  areEqual(place: PathNode, primary: unknown, shadow: unknown): boolean {
    const mark = this.mark()
    const unresolved = this.unresolvedAliases
    const learned = this.learned.length
    this.compare(place, primary, shadow)
    const equal = this.mark() === mark
    if (!equal) {
      this.cutBack(mark)
      this.unresolvedAliases = unresolved
      this.learned.length = learned
    }
    return equal
  }

  record(place: PathNode, kind: DifferenceKind, primary: unknown, shadow: unknown): void {
    if (place.rules.ignored) return
    this.places.push(place)
    this.kinds.push(kind)
    this.primaries.push(primary)
    this.shadows.push(shadow)
  }

  mark(): number {
    return this.places.length
  }

  cutBack(mark: number): void {
    this.places.length = mark
    this.kinds.length = mark
    this.primaries.length = mark
    this.shadows.length = mark
  }

  mayLookForMoves(): boolean {
    return this.visited < this.options.visitBound
  }

  /** A text as it is compared: without the addresses of the sides. */
  normalize(text: string): string {
    return stripBaseUrls(text, this.options.baseUrls)
  }

  #compareMembers(place: PathNode, primary: Members, shadow: Members): void {
    const names = Object.keys(primary)
    const others = Object.keys(shadow)
    let shared = 0
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index]!
      const value = primary[name]
      if (others[index] !== name && !Object.hasOwn(shadow, name)) {
        this.#recordAbsence(place.member(name, index), 'missing', value)
        continue
      }
      shared += 1
      const other = shadow[name]
      if (value !== other) this.compare(place.member(name, index), value, other)
    }
    this.visited += names.length
    if (shared === others.length) return
    for (const [index, name] of others.entries()) {
      if (!Object.hasOwn(primary, name)) this.#recordAbsence(place.member(name, index), 'extra', shadow[name])
    }
  }

  #recordAbsence(place: PathNode, kind: 'missing' | 'extra', value: unknown): void {
    if (value === null && this.options.nullIsAbsent) return
    if (kind === 'missing') this.record(place, kind, value, ABSENT)
    else this.record(place, kind, ABSENT, value)
  }
}
