import { at, kitTable } from './bookkeeping.ts'
import { createCheckpointTable } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'

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
      await run(dialect.raiseToken(name, token))
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

/** Whoever is late with a step of an older cut-over finds none that it could stand under. */
export function forgetToken({ dialect }: SyncDatabase, capability: string): string {
  return `DELETE FROM ${kitTable(dialect.name, 'checkpoint')} WHERE name = ${dialect.quoteText(tokenName(capability))}`
}
