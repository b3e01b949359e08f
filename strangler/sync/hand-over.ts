import type { ChangeBatch, TriedTable } from '../core/sync-words.ts'
import { alignIdentities, type SpentIdentity } from './align-identities.ts'
import { at, hasKitTable, keyColumn, kitTable } from './bookkeeping.ts'
import type { SyncedTable } from './check-tables.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import type { GuardMode } from './dialect.ts'
import { createTokens, fence } from './fencing-token.ts'
import { guardModeOf, readAncestors, runSchemaChange } from './install-sync.ts'
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
 * What a cut-over does to the two databases; the order is the coordinator's. Every step may be repeated. Those with a fencing token are refused once a
 * later one is known; those that change triggers give up at `deadline` (epoch ms) when transactions hold a table for longer.
 */
export interface HandOver {
  /** The newest fencing token that the target knows. */
  readToken(): Promise<number>
  /** Ahead of time: the target can log its writes, the source can remember what is applied. No guard is touched. */
  prepare(deadline: number): Promise<void>
  /** Both know this token from now on. @throws when they know a later one */
  enter(token: number): Promise<void>
  /** The target's guards reject whatever they did before, and what either side remembers of its former role is forgotten. */
  closeTarget(token: number, deadline: number): Promise<void>
  /** From here on the source takes writes of the applier only. What was written before is in its log. */
  closeSource(token: number, deadline: number): Promise<void>
  /** Undoes `closeSource`, and what `closeTarget` has made stricter. */
  openSource(token: number, deadline: number): Promise<void>
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

export function createHandOver(options: HandOverOptions): HandOver {
  const { capability, source, target, routes, tables } = options
  const modeOf = (route: TableRoute) => guardModeOf(route, tables)
  const tokens = createTokens(options, capability)
  const reporting = { ...options, routes: routes.filter((route) => modeOf(route) === 'report') }
  return {
    readToken: tokens.read,
    async prepare(deadline) {
      await installWayBack(options, deadline)
      await tokens.read()
    },
    enter: tokens.raise,
    async closeTarget(token, deadline) {
      await guardTables(options, target, 'reject', { token, deadline })
      await forgetFormerRoles(options, { token, deadline })
    },
    closeSource: (token, deadline) => guardTables(options, source, 'reject', { token, deadline }),
    async openSource(token, deadline) {
      await guardTables(options, source, 'off', { token, deadline })
      // `closeTarget` has made them reject, and no sync begins now that would make them report again.
      await guardTables(reporting, target, 'report', { token, deadline })
    },
    openTarget: (token, deadline) => guardTables(options, target, 'off', { token, deadline }),
    readLeft: () => readLeft(options),
    findDifferent: (keys) => findDifferent(options, keys),
    alignIdentities: (token) => alignIdentities(options, routes, { capability, tables, token }),
    async tryWayBack(deadline, carry) {
      await installWayBack(options, deadline)
      return tryWayBack({ ...options, carry })
    },
    async measureFence(token) {
      const began = performance.now()
      await guardTables(options, target, modeOf, { token, deadline: Date.now() })
      return performance.now() - began
    },
  }
}

/** The target can log its writes, the source can remember what is applied. */
async function installWayBack({ source, target, routes }: HandOverOptions, deadline: number): Promise<void> {
  const targets = routes.map((route) => route.target.table)
  const ancestors = await readAncestors(target, targets)
  await runSchemaChange(target, target.dialect.captureUp(targets, ancestors), deadline)
  await runSchemaChange(source, source.dialect.targetUp(), deadline)
}

interface GuardTime {
  /** Only while this one stands. */
  readonly token: number
  readonly deadline: number
}

/** Table by table: no lock is held while another is waited for. */
async function guardTables(
  options: HandOverOptions,
  database: SyncDatabase,
  mode: GuardMode | ((route: TableRoute) => GuardMode),
  { token, deadline }: GuardTime,
): Promise<void> {
  const { dialect } = database
  for (const route of options.routes) {
    const { table } = database === options.source ? route.source : route.target
    const guards = dialect.guard(table, typeof mode === 'string' ? mode : mode(route))
    const { capability } = options
    await runSchemaChange(database, [fence(database, { capability, token, statements: guards })], deadline)
  }
}

/**
 * Behind guards nobody but the applier has written, and he is not logged: what the log holds is older. So is what the source has once refused. Fenced, since
 * later it would be the new owner's log.
 */
async function forgetFormerRoles(options: HandOverOptions, { token, deadline }: GuardTime): Promise<void> {
  const { capability, source, target, routes } = options
  const { quoteText, name: sourceDialect } = source.dialect
  const quarantine = kitTable(sourceDialect, 'quarantine')
  const forget = async (database: SyncDatabase, statements: readonly string[]) => {
    await runSchemaChange(database, [fence(database, { capability, token, statements })], deadline)
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
