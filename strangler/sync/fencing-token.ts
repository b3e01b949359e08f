import { randomInt } from 'node:crypto'
import { at, hasKitTable, kitTable } from './bookkeeping.ts'
import { createCheckpointTable, createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRole, DatabaseRoles } from './database-pair.ts'
import { rethrowRefusal } from './fence-refusal.ts'

/** Under which name both databases of a capability know the newest fencing token of its cut-overs. */
function tokenName(capability: string): string {
  return `cutover:${capability}:token`
}

/** Whoever installs or uninstalls draws a lot and leaves it here. An older kit does so when it uninstalls, and takes it away when it installs. */
function lotName(capability: string): string {
  return `cutover:${capability}:uninstall`
}

type Lot = string | undefined

const MOST_LOTS = 2 ** 47
const INSTALL = 'install'
const UNINSTALL = 'uninstall'

/** No number that grows: there is no need to know the former ones, which an uninstallation and a restored backup take away. */
const drawLot = (of: typeof INSTALL | typeof UNINSTALL): string => `${of} ${randomInt(MOST_LOTS)}`

/** Makes one text of statements that does all of them, or nothing once somebody has begun something else since. */
export type Fence = (statements: readonly string[]) => string

/** What stood in a database when it was read. */
interface Standing {
  readonly capability: string
  /** Without it the lot alone counts. */
  readonly token?: number | undefined
  readonly lot: Lot
}

function standingFence({ capability, token, lot }: Standing) {
  const name = tokenName(capability)
  const tokens = token === undefined ? [] : [{ name, state: String(token) }]
  return { name, lines: [...tokens, { name: lotName(capability), state: lot }] }
}

function fenceWith({ dialect }: SyncDatabase, standing: Standing): Fence {
  return (statements) => dialect.whileStanding(standingFence(standing), statements)
}

/** The newest that is known there; 0 before the first cut-over. Makes the line, which a step can be fenced by from then on. */
export async function readToken(database: SyncDatabase, capability: string): Promise<number> {
  const { name: dialect } = database.dialect
  const name = tokenName(capability)
  const run = createCheckpointTable(database)
  const [table, first] = [kitTable(dialect, 'checkpoint'), at(dialect, 1)]
  const find = () => run(`SELECT state FROM ${table} WHERE name = ${first}`, [name])
  const unlessThere =
    dialect === 'postgres' ? 'ON CONFLICT DO NOTHING' : 'ON DUPLICATE KEY UPDATE name = name'
  let [found] = await find()
  if (found === undefined) {
    await run(`INSERT INTO ${table} (name, state) VALUES (${first}, '0') ${unlessThere}`, [name])
    ;[found] = await find()
  }
  return Number(found?.['state'] ?? 0)
}

/** Leaves nothing behind where nothing is installed. */
async function readLot(database: SyncDatabase, capability: string): Promise<Lot> {
  if (!(await hasKitTable(database, 'checkpoint'))) return undefined
  return createDatabaseCheckpoints(database).read(lotName(capability))
}

/** An older kit has drawn none when it installed. */
export async function drawMissingLots(databases: readonly SyncDatabase[], capability: string): Promise<void> {
  for (const database of databases) {
    if ((await readLot(database, capability)) === undefined)
      await createDatabaseCheckpoints(database).replace(lotName(capability), undefined, drawLot(INSTALL))
  }
}

/** What stands now. To be read before the journal is, in whose name something is done then. */
export async function readFence(database: SyncDatabase, capability: string): Promise<Fence> {
  const token = await readToken(database, capability)
  return fenceWith(database, { capability, token, lot: await readLot(database, capability) })
}

/** Fences of one moment: what is at work goes on under them, whatever is read meanwhile. */
export interface PairFences {
  /** @param token none where no guard is touched */
  of(database: SyncDatabase, token?: number): Fence
}

/** By what the two databases of a cut-over know a late step. */
export interface CutoverFences {
  now(): PairFences
  /** The newest that the target knows, and that either does: one of them may have been restored. */
  readTokens(): Promise<{ readonly target: number; readonly newest: number }>
  /** Both know this token from now on, or one of them. @throws when a later one is known, or somebody has installed or uninstalled since the lots were read */
  raise(token: number, at?: DatabaseRole): Promise<void>
  /**
   * Reads whose installation stands, by which everything is fenced from then on. To be done before the journal is read, in whose name something is done then.
   * @returns whether it is another one than before
   */
  readLots(): Promise<boolean>
}

export async function openFences(
  { source, target }: DatabaseRoles,
  capability: string,
): Promise<CutoverFences> {
  const both = [target, source]
  const readBoth = async () =>
    new Map(await Promise.all(both.map(async (one) => [one, await readLot(one, capability)] as const)))
  let lots = await readBoth()
  const tables = new Map(both.map((one) => [one, createCheckpointTable(one)]))
  return {
    now() {
      const known = lots
      return {
        of: (database, token) => fenceWith(database, { capability, token, lot: known.get(database) }),
      }
    },
    async readTokens() {
      const [known = 0, ...others] = await Promise.all(both.map((one) => readToken(one, capability)))
      return { target: known, newest: Math.max(known, ...others) }
    },
    async raise(token, at) {
      const known = lots
      const raised = at === undefined ? both : [at === 'source' ? source : target]
      await Promise.all(
        raised.map((one) =>
          tables.get(one)?.(
            one.dialect.raiseToken(token, standingFence({ capability, lot: known.get(one) })),
          ),
        ),
      ).catch(rethrowRefusal)
    },
    async readLots() {
      const before = lots
      lots = await readBoth()
      return both.some((one) => lots.get(one) !== before.get(one))
    },
  }
}

/** Whoever uninstalls or installs later ends it, and so does a cut-over. To be begun before the journal is asked. The kit's schema is there. */
export async function beginUninstall(database: SyncDatabase, capability: string): Promise<Fence> {
  return begin(database, capability, UNINSTALL)
}

/** An uninstallation that is not through takes nothing away any more, and one that begins later ends this. Otherwise as `beginUninstall`. */
export async function beginInstall(database: SyncDatabase, capability: string): Promise<Fence> {
  return begin(database, capability, INSTALL)
}

async function begin(
  database: SyncDatabase,
  capability: string,
  what: typeof INSTALL | typeof UNINSTALL,
): Promise<Fence> {
  const token = await readToken(database, capability)
  const lot = drawLot(what)
  await createDatabaseCheckpoints(database).write(lotName(capability), lot)
  return fenceWith(database, { capability, token, lot })
}

/** For an applier that begins, and has no journal: what stands before it looks who owns. */
export interface ApplierStanding {
  readonly token: number
  /**
   * An uninstallation that is not through takes nothing away any more; an installation, and a cut-over, are not disturbed. What is fenced so is done only where
   * nobody has begun anything since this was read.
   */
  endUninstalls(): Promise<Fence>
}

export async function readForApplier(database: SyncDatabase, capability: string): Promise<ApplierStanding> {
  const token = await readToken(database, capability)
  const lot = await readLot(database, capability)
  return {
    token,
    async endUninstalls() {
      if (lot === undefined || lot.startsWith(INSTALL)) return fenceWith(database, { capability, token, lot })
      const own = drawLot(INSTALL)
      // Where somebody was faster the fence does not let it in.
      await createDatabaseCheckpoints(database).replace(lotName(capability), lot, own)
      return fenceWith(database, { capability, token, lot: own })
    },
  }
}
