/** An answer of the target: values of parameters are taken from what it lists itself, since a contract holds none. */
export interface HeardAnswer {
  /** `/api/inventory`, as a template. */
  readonly template: string
  readonly value: unknown
}

const MOST_VALUES = 3
const MOST_VISITED = 20_000

/**
 * Values for a parameter of a path: what members of its name hold in the answers heard so far. An `id` is one of many things, so it is
 * taken only from the list that the path itself continues: `/orders` for `/orders/:id`.
 */
export function findValues(name: string, template: string, heard: readonly HeardAnswer[]): string[] {
  const [collection = ''] = template.split(`/:${name}`)
  const found = new Set<string>()
  for (const { template: from, value } of heard) {
    const isCollection = from === collection
    if (name.toLowerCase() === 'id' && !isCollection) continue
    collect(value, name, found)
    // `/orders/:orderId` continues a list of orders with an `id` each.
    if (isCollection && /id$/i.test(name)) collect(value, 'id', found)
    if (found.size >= MOST_VALUES) break
  }
  return [...found].slice(0, MOST_VALUES)
}

function collect(value: unknown, name: string, found: Set<string>): void {
  let visited = 0
  const waiting: unknown[] = [value]
  while (waiting.length > 0 && found.size < MOST_VALUES && visited < MOST_VISITED) {
    const next = waiting.shift()
    visited += 1
    if (Array.isArray(next)) waiting.push(...next.slice(0, 50))
    if (typeof next !== 'object' || next === null || Array.isArray(next)) continue
    for (const [member, inner] of Object.entries(next)) {
      const isScalar = typeof inner === 'string' || typeof inner === 'number'
      if (isScalar && member === name && String(inner) !== '') found.add(String(inner))
      else if (typeof inner === 'object') waiting.push(inner)
    }
  }
}
