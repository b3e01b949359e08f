import { wordsOf } from '../assess/words-of.ts'
import type { TableShape } from '../core/sync-words.ts'
import { innerNamesOf, type ProposedCapability } from './propose-capabilities.ts'

/** A table that may belong to a capability, and why. Names are a guess; what it says is for a person to judge. */
export interface AssignedTable {
  readonly table: string
  readonly because: string
}

interface Claim extends AssignedTable {
  readonly capability: string
}

/** Which capability each table seems to belong to; a table that nobody claims, or two alike, is in none. */
export function assignTables(
  capabilities: readonly ProposedCapability[],
  tables: readonly TableShape[],
): { readonly assigned: ReadonlyMap<string, readonly AssignedTable[]>; readonly left: readonly string[] } {
  const claims = new Map<string, Claim>()
  const add = (table: string, claim: Claim | undefined) => {
    if (claim !== undefined && !claims.has(table)) claims.set(table, claim)
  }
  for (const { name } of tables) add(name, claimByName(name, capabilities))
  for (const { name } of tables) add(name, claimByInnerName(name, capabilities))
  // A row that goes with its parent's belongs where the parent does; a grandchild needs another round.
  for (let before = -1; before < claims.size; ) {
    before = claims.size
    for (const table of tables) add(table.name, claimByParent(table, claims))
  }
  const order = tables.map(({ name }) => name)
  const assigned = new Map(
    capabilities.map(({ name }) => [
      name,
      order.flatMap((table) => {
        const claim = claims.get(table)
        return claim?.capability === name ? [{ table, because: claim.because }] : []
      }),
    ]),
  )
  return { assigned, left: order.filter((name) => !claims.has(name)) }
}

/** All words of the capability's name are words of the table's; the longest name wins, as the most exact. */
function claimByName(table: string, capabilities: readonly ProposedCapability[]): Claim | undefined {
  const words = wordsOf(table)
  const fitting = capabilities
    .map(({ name }) => ({ name, wanted: wordsOf(name) }))
    .filter(({ wanted }) => wanted.every((word) => words.includes(word)))
    .sort((one, other) => other.wanted.join().length - one.wanted.join().length)
  const [best] = fitting
  return best === undefined
    ? undefined
    : { table, capability: best.name, because: `its name has ${best.wanted.join(' ')}` }
}

/** A name inside the capability's paths: `/inventory/:sku/movements` speaks of `stock_movements`. */
function claimByInnerName(table: string, capabilities: readonly ProposedCapability[]): Claim | undefined {
  const words = wordsOf(table)
  const fitting = capabilities.flatMap((capability) => {
    const inner = innerNamesOf(capability).find((name) => wordsOf(name).every((word) => words.includes(word)))
    return inner === undefined
      ? []
      : [{ table, capability: capability.name, because: `its paths have ${inner}` }]
  })
  return fitting.length === 1 ? fitting[0] : undefined
}

function claimByParent(
  { name: table, foreignKeys }: TableShape,
  claims: ReadonlyMap<string, Claim>,
): Claim | undefined {
  const parents = foreignKeys.flatMap(({ onDelete, referencedTable }) => {
    const parent = onDelete === 'CASCADE' ? claims.get(referencedTable) : undefined
    return parent === undefined ? [] : [parent]
  })
  const [first] = parents
  if (first === undefined || parents.some(({ capability }) => capability !== first.capability))
    return undefined
  return { table, capability: first.capability, because: `its rows go with those of ${first.table}` }
}
