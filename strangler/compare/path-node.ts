import type { PathStep } from './path-glob.ts'
import type { PlaceRules } from './place-rules.ts'

/**
 * One place in a body, by its path with list indexes collapsed. The tree of places is shared by all comparisons of one rule set,
 * so that a rule is looked up once a place and not once a value.
 */
export class PathNode {
  readonly id: number
  readonly parent: PathNode | undefined
  readonly path: string
  readonly rules: PlaceRules
  readonly #tree: PathTree
  readonly #children = new Map<string, PathNode>()
  #entry: PathNode | undefined
  /** The members in the order in which they came last: objects at one place mostly have the same. */
  readonly #names: string[] = []
  readonly #nodes: PathNode[] = []

  constructor(tree: PathTree, rules: PlaceRules, where: { parent?: PathNode; path: string }) {
    this.#tree = tree
    this.id = tree.nextId()
    this.parent = where.parent
    this.path = where.path
    this.rules = rules
  }

  /** The place of an entry, if this is a list. */
  entry(): PathNode {
    this.#entry ??= this.#create('entry', `${this.path}[]`)
    return this.#entry
  }

  /** The place of a member. `index` is its position among the members, as a hint. */
  member(name: string, index: number): PathNode {
    if (this.#names[index] === name) return this.#nodes[index]!
    const node = this.#children.get(name) ?? this.#add(name)
    this.#names[index] = name
    this.#nodes[index] = node
    return node
  }

  #add(name: string): PathNode {
    // An object that is used as a map has a member per record: they are one place, as the entries of a list are.
    const shown = looksLikeId(name) ? '*' : name
    const node =
      shown === name
        ? this.#create({ name }, `${this.path}${showName(name)}`)
        : (this.#children.get('*') ?? this.#create({ name: '*' }, `${this.path}.*`))
    this.#children.set(shown, node)
    this.#children.set(name, node)
    this.#tree.nextId()
    return node
  }

  #create(step: PathStep, path: string): PathNode {
    return new PathNode(this.#tree, this.rules.at(step), { parent: this, path })
  }
}

/** The places of one rule set. `create` makes the root. */
export class PathTree {
  readonly #rules: PlaceRules
  readonly #bound: number
  #created = 0
  #root: PathNode | undefined

  constructor(rules: PlaceRules, bound = 20_000) {
    this.#rules = rules
    this.#bound = bound
  }

  nextId(): number {
    this.#created += 1
    return this.#created
  }

  /** The body itself, `$`. Begins anew when bodies with ever new names have made the tree too large. */
  root(): PathNode {
    if (this.#root === undefined || this.#created > this.#bound) {
      this.#created = 0
      this.#root = new PathNode(this, this.#rules, { path: '$' })
    }
    return this.#root
  }
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Whether the name of a member is a value itself: the key of a map. */
export function looksLikeId(name: string): boolean {
  if (name.length > 64) return true
  if (!/\d/.test(name) && !name.includes('@')) return false
  return (
    /^\d+$/.test(name) ||
    UUID.test(name) ||
    /^[0-9a-f]{16,}$/i.test(name) ||
    /^[^\s@]+@[^\s@]+$/.test(name) ||
    /\d{4,}/.test(name)
  )
}

function showName(name: string): string {
  return /^[^.[\]"*\s]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
