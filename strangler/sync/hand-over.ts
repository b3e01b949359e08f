import type { ChangeBatch, TriedTable } from '../core/sync-words.ts'
import { alignIdentities, type SpentIdentity } from './align-identities.ts'
import { at, hasKitTable, keyColumn, kitTable } from './bookkeeping.ts'
import type { SyncedTable } from './check-tables.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRole, DatabaseRoles } from './database-pair.ts'
import type { GuardMode } from './dialect.ts'
import { openFences, type PairFences } from './fencing-token.ts'
import { guardModeOf, readAncestors, runFenced, runSchemaChange } from './install-sync.ts'
import type { TableRoute } from './mapping.ts'
import { tryWayBack } from './try-way-back.ts'
import { judgeKeys } from './verify-keys.ts'

const KEYS_AT_ONCE = 500
const MOST_PENDING = 1_000

export interface HandOverOptions extends DatabaseRoles {
  readonly capability: string
  readonly installation: string
  /** From the database that takes the writes now to the one that will. */
  readonly routes: readonly TableRoute[]
  readonly tables: readonly SyncedTable[]
  /** The other way round. */
  readonly back: readonly TableRoute[]
}

type RowKeys = ReadonlyMap<string, readonly string[]>

/** What is not on the other side: on its way, or refused there. Both by the source's tables, a thousand a table at most. */
export interface LeftBehind {
  readonly pending: RowKeys
  readonly refused: readonly { readonly table: string; readonly key: string; readonly error: string }[]
}

/**
 * What a cut-over does to the two databases; the order is the coordinator's. Every step may be repeated. All are refused once somebody has installed or uninstalled
 * since `readLots`, and those with a fencing token once a later one is known (STRANGLER_SYNC_CONFLICT); those that change triggers give up at `deadline` (epoch ms) when transactions hold a table for longer.
 */
export interface HandOver {
  /** The newest fencing token that the target knows, and that either does. */
  readTokens(): Promise<{ readonly target: number; readonly newest: number }>
  /**
   * Reads whose installation stands; done once where this is opened. Whoever was refused reads it anew, and the journal after that.
   * @returns whether it is another one than before
   */
  readLots(): Promise<boolean>
  /** Ahead of time: the target can log its writes, the source can remember what is applied. No guard is touched. */
  prepare(deadline: number): Promise<void>
  /** Both know this token from now on, or one of them. @throws when a later one is known there */
  enter(token: number, at?: DatabaseRole): Promise<void>
  /** The target's guards reject whatever they did before, and what either side remembers of its former role is forgotten. */
  closeTarget(token: number, deadline: number): Promise<void>
  /** From here on the source takes writes of the applier only. What was written before is in its log. */
  closeSource(token: number, deadline: number): Promise<void>
  /** Undoes `closeSource`. */
  openSource(token: number, deadline: number): Promise<void>
  /** Undoes what `closeTarget` has made stricter. */
  easeTarget(token: number, deadline: number): Promise<void>
  openTarget(token: number, deadline: number): Promise<void>
  readLeft(): Promise<LeftBehind>
  /** Which rows of these keys are not the same. Nothing may be on its way. */
  findDifferent(keys: RowKeys): Promise<RowKeys>
  /** Without a token nothing is set. */
  alignIdentities(token?: number): Promise<SpentIdentity[]>
  /**
   * Takes a row of each table from the target back to the source, in transactions that are rolled back. The target can log its writes from then on.
   * @param carry through the queue and out again
   */
  tryWayBack(deadline: number, carry: (batch: ChangeBatch) => Promise<ChangeBatch>): Promise<TriedTable[]>
  /** How long guarding takes at least, milliseconds: guards that stand are looked at, and not made. */
  measureFence(token: number): Promise<number>
}

export async function createHandOver(options: HandOverOptions): Promise<HandOver> {
  const { capability, source, target, routes, tables } = options
  const modeOf = (route: TableRoute) => guardModeOf(route, tables)
  const fences = await openFences(options, capability)
  const timeOf = (token: number, deadline: number) => ({ token, deadline, fences: fences.now() })
  const reporting = { ...options, routes: routes.filter((route) => modeOf(route) === 'report') }
  return {
    readTokens: fences.readTokens,
    readLots: fences.readLots,
    prepare: (deadline) => installWayBack(options, fences.now(), deadline),
    enter: fences.raise,
    async closeTarget(token, deadline) {
      const time = timeOf(token, deadline)
      await guardTables(options, target, 'reject', time)
      await forgetFormerRoles(options, time)
    },
    closeSource: (token, deadline) => guardTables(options, source, 'reject', timeOf(token, deadline)),
    openSource: (token, deadline) => guardTables(options, source, 'off', timeOf(token, deadline)),
    // `closeTarget` has made them reject, and no sync begins now that would make them report again.
    easeTarget: (token, deadline) => guardTables(reporting, target, 'report', timeOf(token, deadline)),
    openTarget: (token, deadline) => guardTables(options, target, 'off', timeOf(token, deadline)),
    readLeft: () => readLeft(options),
    findDifferent: (keys) => findDifferent(options, keys),
    alignIdentities: (token) =>
      alignIdentities(options, routes, {
        tables,
        fenced: token === undefined ? undefined : fences.now().of(target, token),
      }),
    async tryWayBack(deadline, carry) {
      await installWayBack(options, fences.now(), deadline)
      return tryWayBack({ ...options, carry })
    },
    async measureFence(token) {
      const began = performance.now()
      await guardTables(options, target, modeOf, timeOf(token, Date.now()))
      return performance.now() - began
    },
  }
}

/** The target can log its writes, the source can remember what is applied. */
async function installWayBack(
  { source, target, routes }: HandOverOptions,
  fences: PairFences,
  deadline: number,
): Promise<void> {
  const targets = routes.map((route) => route.target.table)
  const ancestors = await readAncestors(target, targets)
  const capture = target.dialect.captureUp(targets, ancestors)
  await runFenced(target, capture, { fenced: fences.of(target), deadline })
  await runFenced(source, source.dialect.targetUp(), { fenced: fences.of(source), deadline })
}

interface GuardTime {
  /** Only while this one stands. */
  readonly token: number
  /** Those of the moment at which the step began. */
  readonly fences: PairFences
  readonly deadline: number
}

/** Table by table: no lock is held while another is waited for. */
async function guardTables(
  options: HandOverOptions,
  database: SyncDatabase,
  mode: GuardMode | ((route: TableRoute) => GuardMode),
  { token, deadline, fences }: GuardTime,
): Promise<void> {
  const { dialect } = database
  const fenced = fences.of(database, token)
  for (const route of options.routes) {
    const { table } = database === options.source ? route.source : route.target
    const guards = dialect.guard(table, typeof mode === 'string' ? mode : mode(route))
    await runSchemaChange(database, [fenced(guards)], deadline)
  }
}

/**
 * Behind guards nobody but the applier has written, and he is not logged: what the log holds is older. So is what the source has once refused. Fenced, since
 * later it would be the new owner's log.
 */
async function forgetFormerRoles(
  options: HandOverOptions,
  { token, deadline, fences }: GuardTime,
): Promise<void> {
  const { source, target, routes } = options
  const { quoteText, name: sourceDialect } = source.dialect
  const quarantine = kitTable(sourceDialect, 'quarantine')
  const forget = async (database: SyncDatabase, statements: readonly string[]) => {
    await runSchemaChange(database, [fences.of(database, token)(statements)], deadline)
  }
  const namesOf = (role: 'source' | 'target') => routes.map((route) => route[role].table.name)
  await Promise.all([
    forget(target, namesOf('target').flatMap(target.dialect.forgetChanges)),
    forget(
      source,
      namesOf('source').map((name) => `DELETE FROM ${quarantine} WHERE tbl = ${quoteText(name)}`),
    ),
  ])
}

async function readLeft(options: HandOverOptions): Promise<LeftBehind> {
  const { source, routes } = options
  // Before the log: a row that comes out of quarantine leaves the log after it.
  const refused = await readRefused(options)
  const pending = new Map<string, string[]>()
  for (const route of routes) {
    const { name } = route.source.table
    const stuck = refused.filter(({ table }) => table === name).map(({ key }) => key)
    const { readWaiting } = source.dialect
    const rows = await source.query(readWaiting(route.source.table, MOST_PENDING, stuck))
    if (rows.length > 0)
      pending.set(
        name,
        rows.map((row) => row['key'] ?? ''),
      )
  }
  return { pending, refused }
}

async function readRefused({ target, routes }: HandOverOptions): Promise<LeftBehind['refused']> {
  const dialect = target.dialect.name
  if (routes.length === 0 || !(await hasKitTable(target, 'quarantine'))) return []
  const among = routes.map((_, index) => at(dialect, index + 1)).join(', ')
  const rows = await target.query({
    sql: `SELECT tbl, ${keyColumn(dialect)} AS k, error FROM ${kitTable(dialect, 'quarantine')} WHERE tbl IN (${among}) ORDER BY tbl, ${keyColumn(dialect)} LIMIT ${MOST_PENDING}`,
    params: routes.map((route) => route.target.table.name),
  })
  const sourceOf = new Map(routes.map((route) => [route.target.table.name, route.source.table.name]))
  return rows.map((row) => ({
    table: sourceOf.get(row['tbl'] ?? '') ?? '',
    key: row['k'] ?? '',
    error: row['error'] ?? '',
  }))
}

async function findDifferent(options: HandOverOptions, keys: RowKeys): Promise<RowKeys> {
  const found = new Map<string, string[]>()
  for (const route of options.routes) {
    const { name } = route.source.table
    // A TRUNCATE is pending without a key.
    const wanted = (keys.get(name) ?? []).filter((key) => key !== '')
    for (let first = 0; first < wanted.length; first += KEYS_AT_ONCE) {
      const { diverged } = await judgeKeys(options, route, wanted.slice(first, first + KEYS_AT_ONCE))
      if (diverged.length > 0)
        found.set(name, [...(found.get(name) ?? []), ...diverged.map(({ key }) => key)])
    }
  }
  return found
}
