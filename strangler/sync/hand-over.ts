import { alignIdentities, type SpentIdentity } from './align-identities.ts'
import { at, hasKitTable, keyColumn, kitTable } from './bookkeeping.ts'
import type { SyncedTable } from './check-tables.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { readAncestors, runSchemaChange } from './install-sync.ts'
import { createLagReader } from './lag.ts'
import type { TableRoute } from './mapping.ts'
import { type Divergence, judgeKeys } from './verify-keys.ts'

const KEYS_AT_ONCE = 500

export interface HandOverOptions extends DatabaseRoles {
  readonly capability: string
  /** From the database that takes the writes now to the one that will. */
  readonly routes: readonly TableRoute[]
  readonly tables: readonly SyncedTable[]
}

/** What is not on the other side yet. */
export interface LeftBehind {
  readonly entries: number
  readonly quarantined: number
}

/**
 * What a cut-over does to the two databases, step by step; the order is the coordinator's. Every step may be repeated, and each one that changes
 * triggers gives up at `deadline` (epoch ms) when transactions hold a table for longer.
 */
export interface HandOver {
  /** Ahead of time: the target can log its writes, the source can remember what is applied. The target's guards stay on. */
  prepare(deadline: number): Promise<void>
  /** From here on the source takes writes of the applier only. What was written before is in its log. */
  closeSource(deadline: number): Promise<void>
  openSource(deadline: number): Promise<void>
  openTarget(deadline: number): Promise<void>
  readLeft(): Promise<LeftBehind>
  /** Keys that are in the source's log, by the source's tables. */
  readLoggedKeys(limit: number): Promise<Map<string, string[]>>
  /** Rows of these keys that are not the same. Nothing may be on its way. */
  compare(keys: ReadonlyMap<string, readonly string[]>): Promise<Divergence[]>
  alignIdentities(): Promise<SpentIdentity[]>
}

export function createHandOver(options: HandOverOptions): HandOver {
  const { source, target, routes, tables } = options
  const sources = routes.map((route) => route.source.table)
  const targets = routes.map((route) => route.target.table)
  const guards = (database: typeof source, mode: 'reject' | 'off', deadline: number) => {
    const guarded = database === source ? sources : targets
    const statements = guarded.flatMap((table) => database.dialect.guard(table, mode))
    return runSchemaChange(database, statements, deadline)
  }
  const readLag = createLagReader(source, sources)
  return {
    async prepare(deadline) {
      await guards(target, 'reject', deadline)
      const ancestors = await readAncestors(target, targets)
      await runSchemaChange(target, target.dialect.captureUp(targets, ancestors), deadline)
      await emptyLog(options)
      await runSchemaChange(source, source.dialect.targetUp(), deadline)
    },
    closeSource: (deadline) => guards(source, 'reject', deadline),
    openSource: (deadline) => guards(source, 'off', deadline),
    openTarget: (deadline) => guards(target, 'off', deadline),
    async readLeft() {
      const [{ entries }, quarantined] = await Promise.all([readLag(), countQuarantined(options)])
      return { entries, quarantined }
    },
    async readLoggedKeys(limit) {
      const read = new Map<string, string[]>()
      for (const route of routes) {
        const rows = await source.query(source.dialect.readPending(route.source, limit))
        const keys = rows.map((row) => row['key'] ?? '').filter((key) => key !== '')
        read.set(route.source.table.name, keys)
      }
      return read
    },
    compare: (keys) => compareKeys(options, keys),
    alignIdentities: () => alignIdentities(options, routes, tables),
  }
}

/** Behind guards nobody but the applier has written, and it is not logged: what stands there is of a time before. */
async function emptyLog({ target, routes }: HandOverOptions): Promise<void> {
  const dialect = target.dialect.name
  for (const {
    target: { table },
  } of routes) {
    await target.query({
      sql: `DELETE FROM ${kitTable(dialect, 'change_log')} WHERE tbl = ${at(dialect, 1)}`,
      params: [table.name],
    })
  }
}

async function countQuarantined({ target, routes }: HandOverOptions): Promise<number> {
  const dialect = target.dialect.name
  if (routes.length === 0 || !(await hasKitTable(target, 'quarantine'))) return 0
  const among = routes.map((_, index) => at(dialect, index + 1)).join(', ')
  const [row] = await target.query({
    sql: `SELECT count(${keyColumn(dialect)}) AS number FROM ${kitTable(dialect, 'quarantine')} WHERE tbl IN (${among})`,
    params: routes.map((route) => route.target.table.name),
  })
  return Number(row?.['number'] ?? 0)
}

async function compareKeys(
  options: HandOverOptions,
  keys: ReadonlyMap<string, readonly string[]>,
): Promise<Divergence[]> {
  const found: Divergence[] = []
  for (const route of options.routes) {
    const wanted = keys.get(route.source.table.name) ?? []
    for (let first = 0; first < wanted.length; first += KEYS_AT_ONCE) {
      const { diverged } = await judgeKeys(options, route, wanted.slice(first, first + KEYS_AT_ONCE))
      found.push(...diverged)
    }
  }
  return found
}
