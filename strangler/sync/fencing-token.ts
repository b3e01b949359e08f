import { randomInt } from 'node:crypto'
import { at, hasKitTable, kitTable } from './bookkeeping.ts'
import { createCheckpointTable, createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { rethrowRefusal } from './fence-refusal.ts'

/** Under which name both databases of a capability know the newest fencing token of its cut-overs. */
export function tokenName(capability: string): string {
  return `cutover:${capability}:token`
}

/** The fencing token in one database. Writes are held while it is raised: what is made once is made ahead of that, by `read`. */
interface TokenPlace {
  /** The newest that is known there; 0 before the first cut-over, from when on a step may be fenced by it. */
  read(): Promise<number>
  /** From now on this is the newest. @throws when a later one is known */
  raise(token: number): Promise<void>
}

function openPlace(database: SyncDatabase, capability: string): TokenPlace {
  const { dialect } = database
  const name = tokenName(capability)
  const run = createCheckpointTable(database)
  const [table, first] = [kitTable(dialect.name, 'checkpoint'), at(dialect.name, 1)]
  const find = () => run(`SELECT state FROM ${table} WHERE name = ${first}`, [name])
  const unlessThere =
    dialect.name === 'postgres' ? 'ON CONFLICT DO NOTHING' : 'ON DUPLICATE KEY UPDATE name = name'
  return {
    async read() {
      let [found] = await find()
      if (found === undefined) {
        await run(`INSERT INTO ${table} (name, state) VALUES (${first}, '0') ${unlessThere}`, [name])
        ;[found] = await find()
      }
      return Number(found?.['state'] ?? 0)
    },
    async raise(token) {
      await run(dialect.raiseToken(name, token)).catch(rethrowRefusal)
    },
  }
}

export function readToken(database: SyncDatabase, capability: string): Promise<number> {
  return openPlace(database, capability).read()
}

/** Of the two databases of a cut-over. */
export function createTokens(
  { source, target }: DatabaseRoles,
  capability: string,
): {
  /** The newest that the target knows. */
  read(): Promise<number>
  raise(token: number): Promise<void>
} {
  const places = [openPlace(target, capability), openPlace(source, capability)]
  return {
    async read() {
      const [known = 0] = await Promise.all(places.map((place) => place.read()))
      return known
    },
    async raise(token) {
      await Promise.all(places.map((place) => place.raise(token)))
    },
  }
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

function uninstallName(capability: string): string {
  return `cutover:${capability}:uninstall`
}

const MOST_UNINSTALLS = 2 ** 47

/** Makes one text of statements that does all of them, or nothing once somebody has installed or cut over since. */
export type FenceUninstall = (statements: readonly string[]) => string

/**
 * Every uninstallation has a number of its own, which an installation takes away: the token alone would let one pass that was frozen while somebody
 * installed anew, and nobody has cut over yet. To be begun before the journal is asked. The kit's schema is there.
 */
export async function beginUninstall(database: SyncDatabase, capability: string): Promise<FenceUninstall> {
  const token = await readToken(database, capability)
  const own = randomInt(MOST_UNINSTALLS)
  await createDatabaseCheckpoints(database).write(uninstallName(capability), String(own))
  const { whileToken } = database.dialect
  return (statements) =>
    whileToken(tokenName(capability), token, [whileToken(uninstallName(capability), own, statements)])
}

/** For who is about to install: an uninstallation that is not through takes nothing away any more. */
export async function endUninstalls(database: SyncDatabase, capability: string): Promise<void> {
  if (!(await hasKitTable(database, 'checkpoint'))) return
  await createDatabaseCheckpoints(database).remove(uninstallName(capability))
}
