import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'

/** Under which name both databases of a capability know the newest fencing token of its cut-overs. */
export function tokenName(capability: string): string {
  return `cutover:${capability}:token`
}

/** From now on this is the newest. @throws when a later one is known */
export async function raiseToken(database: SyncDatabase, capability: string, token: number): Promise<void> {
  const now = await raiseTo(database, capability, token)
  if (now !== token)
    throw new Error(`Token ${token} of ${tokenName(capability)} is over: ${now} stands there.`)
}

/** The newest that is known there; 0 before the first cut-over, from when on a step may be fenced by it. */
export function readToken(database: SyncDatabase, capability: string): Promise<number> {
  return raiseTo(database, capability, 0)
}

async function raiseTo(database: SyncDatabase, capability: string, token: number): Promise<number> {
  const name = tokenName(capability)
  const store = createDatabaseCheckpoints(database)
  // Makes the table where it is not there yet.
  const before = Number((await store.read(name)) ?? -1)
  if (before < token) await database.query({ sql: database.dialect.raiseToken(name, token), params: [] })
  return Number(await store.read(name))
}

export interface FencedWork {
  readonly capability: string
  readonly token: number
  readonly statements: readonly string[]
}

/** One text that does all of it while the token stands, and nothing otherwise. */
export function fence({ dialect }: SyncDatabase, { capability, token, statements }: FencedWork): string {
  return dialect.whileToken(tokenName(capability), token, statements)
}

/** Of the two databases of a cut-over. */
export async function raiseTokens(
  { source, target }: DatabaseRoles,
  capability: string,
  token: number,
): Promise<void> {
  for (const database of [source, target]) await raiseToken(database, capability, token)
}
