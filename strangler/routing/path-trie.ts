import type { Segment, Template } from './parse-template.ts'

/**
 * Endpoint templates as a tree of path segments. The most specific template wins, segment by segment: static before mixed
 * (`:name.json`) before parameter before wildcard; then the method. A template that has no endpoint for the method does not
 * hide a less specific one that has.
 */
export interface PathTrie<T> {
  readonly root: TrieNode<T>
}

interface TrieNode<T> {
  readonly statics: Map<string, TrieNode<T>>
  readonly mixed: { readonly segment: Extract<Segment, { kind: 'mixed' }>; readonly node: TrieNode<T> }[]
  parameter: TrieNode<T> | undefined
  wildcard: TrieNode<T> | undefined
  /** What ends here, by method. `*` stands for every method. */
  readonly leaves: Map<string, T>
}

export function createTrie<T>(): PathTrie<T> {
  return { root: createNode() }
}

function createNode<T>(): TrieNode<T> {
  return { statics: new Map(), mixed: [], parameter: undefined, wildcard: undefined, leaves: new Map() }
}

/** Adds a leaf and returns what already stood at the same place, if anything: two templates that tie. */
export function insertTemplate<T>(
  trie: PathTrie<T>,
  method: string,
  template: Template,
  leaf: T,
): T | undefined {
  let node = trie.root
  for (const segment of template) node = childFor(node, segment)
  const present = node.leaves.get(method)
  if (present === undefined) node.leaves.set(method, leaf)
  return present
}

function childFor<T>(node: TrieNode<T>, segment: Segment): TrieNode<T> {
  switch (segment.kind) {
    case 'static': {
      const child = node.statics.get(segment.text) ?? createNode<T>()
      node.statics.set(segment.text, child)
      return child
    }
    case 'parameter':
      node.parameter ??= createNode()
      return node.parameter
    case 'wildcard':
      node.wildcard ??= createNode()
      return node.wildcard
    case 'mixed': {
      const present = node.mixed.find((mixed) => mixed.segment.shape === segment.shape)
      if (present) return present.node
      const child = createNode<T>()
      node.mixed.push({ segment, node: child })
      node.mixed.sort(
        (a, b) =>
          b.segment.literalLength - a.segment.literalLength || compare(a.segment.shape, b.segment.shape),
      )
      return child
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Finds the leaf for a path (without query, lower-cased). An optional slash at its end is ignored, as Express does. */
export function findLeaf<T>(trie: PathTrie<T>, method: string, path: string): T | undefined {
  const end = path.length > 1 && path.charCodeAt(path.length - 1) === 47 ? path.length - 1 : path.length
  const found = descend(trie.root, method, path.slice(0, end), 1)
  // `//` is the root with a slash at its end, or else an empty segment for a wildcard.
  return found === undefined && path === '//' ? descend(trie.root, method, path, 1) : found
}

/** `at` is where the next segment begins; past the end of the path nothing is left to match. */
function descend<T>(node: TrieNode<T>, method: string, path: string, at: number): T | undefined {
  if (at > path.length || (at === 1 && path.length <= 1)) return leafFor(node, method)
  const slash = path.indexOf('/', at)
  const end = slash === -1 ? path.length : slash
  const text = path.slice(at, end)
  const fixed = node.statics.get(text)
  if (fixed !== undefined) {
    const found = descend(fixed, method, path, end + 1)
    if (found !== undefined) return found
  }
  // Only a wildcard takes an empty segment: `/files//` is below `/files/*path`, for Express as well.
  if (text === '')
    return node.wildcard === undefined ? undefined : descendWildcard(node.wildcard, method, path, end)
  for (const { segment, node: child } of node.mixed) {
    if (!segment.pattern.test(`/${text}`)) continue
    const found = descend(child, method, path, end + 1)
    if (found !== undefined) return found
  }
  if (node.parameter !== undefined) {
    const found = descend(node.parameter, method, path, end + 1)
    if (found !== undefined) return found
  }
  return node.wildcard === undefined ? undefined : descendWildcard(node.wildcard, method, path, end)
}

/** A wildcard takes one segment or more; the shortest that lets the rest match. */
function descendWildcard<T>(
  node: TrieNode<T>,
  method: string,
  path: string,
  firstEnd: number,
): T | undefined {
  let end = firstEnd
  for (;;) {
    const found = descend(node, method, path, end + 1)
    if (found !== undefined) return found
    if (end >= path.length) return undefined
    const slash = path.indexOf('/', end + 1)
    end = slash === -1 ? path.length : slash
  }
}

/** The method itself, then GET for HEAD (RFC 9110 §9.3.2), then `*`. */
function leafFor<T>(node: TrieNode<T>, method: string): T | undefined {
  const { leaves } = node
  if (leaves.size === 0) return undefined
  return leaves.get(method) ?? (method === 'HEAD' ? leaves.get('GET') : undefined) ?? leaves.get('*')
}
