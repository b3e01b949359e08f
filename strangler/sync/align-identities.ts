import type { TableShape } from '../core/sync-words.ts'
import type { SyncedTable } from './check-tables.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { rethrowRefusal } from './fence-refusal.ts'
import type { Fence } from './fencing-token.ts'
import type { TableRoute } from './mapping.ts'

/** A column whose numbers the source would go on to give, and the target cannot. */
export interface SpentIdentity {
  readonly table: string
  readonly column: string
  readonly next: string
  readonly last: string
}

interface Identity {
  readonly name: string
  /** The number that the database would give next; the first above all rows, some of which may have come with theirs; the last there is. */
  readonly next: bigint
  readonly free: bigint
  readonly last: bigint
}

export interface AlignOptions {
  readonly tables: readonly SyncedTable[]
  /** Of the target. */
  readonly fenced: Fence | undefined
}

/**
 * Lets the target number its rows on from where the source stands: a number that the source has given is not given again, also when its
 * row is gone. Never lowers anything, so it may be repeated.
 * @param options.fenced under what it is set: late it would set numbers back that the target has given meanwhile; without one nothing is set
 * @returns the columns whose range ends before that; they are left alone
 */
export async function alignIdentities(
  { source, target }: DatabaseRoles,
  routes: readonly TableRoute[],
  { tables, fenced }: AlignOptions,
): Promise<SpentIdentity[]> {
  const spent: SpentIdentity[] = []
  for (const route of routes) {
    const [there, here] = [route.source.table, route.target.table]
    const [given, standing] = await Promise.all([readIdentities(source, there), readIdentities(target, here)])
    const mapping = tables.find(({ table, as = table }) =>
      table === there.name ? as === here.name : table === here.name && as === there.name,
    )
    for (const identity of standing) {
      const from = given.find(({ name }) => isSameColumn(mapping, name, identity.name))
      const { name: column, last } = identity
      const next = largest(identity.next, identity.free, from?.next ?? 0n, from?.free ?? 0n)
      if (next > last) spent.push({ table: here.name, column, next: String(next), last: String(last) })
      else if (next > identity.next && fenced !== undefined) {
        const statements = [target.dialect.setIdentity(here, column, String(next))]
        await target.query({ sql: fenced(statements), params: [] }).catch(rethrowRefusal)
      }
    }
  }
  return spent
}

/** Whichever of the two is the monolith's. */
function isSameColumn(mapping: SyncedTable | undefined, one: string, other: string): boolean {
  const renamed = (name: string) => mapping?.columns?.[name] ?? name
  return renamed(one) === other || renamed(other) === one
}

async function readIdentities(database: SyncDatabase, table: TableShape): Promise<Identity[]> {
  const read: Identity[] = []
  for (const statement of database.dialect.readIdentities(table)) {
    const [row] = await database.query(statement)
    if (row?.['name'] == null) continue
    const number = (field: string) => BigInt(row[field] ?? '1')
    read.push({ name: row['name'], next: number('next'), free: number('free'), last: number('last') })
  }
  return read
}

function largest(...numbers: readonly bigint[]): bigint {
  return numbers.toSorted((one, other) => (one < other ? -1 : 1)).at(-1) ?? 0n
}
