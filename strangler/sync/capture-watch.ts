import type { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import { classifyError, describe } from './classify-error.ts'
import type { TextRow } from './database.ts'
import { findAncestors } from './dialects/mariadb/introspect.ts'
import { type Counters, judgeCounters } from './judge-counters.ts'
import { createLoop } from './loop.ts'
import { findSchemaChange, type InstalledSync } from './schema-watch.ts'
import type { TriggerName } from './watch.ts'

export interface CaptureWatchOptions extends InstalledSync {
  readonly epoch: number
  /** Default 60,000. */
  readonly everyMs?: number | undefined
  /** How late the server's statistics may be. Default 12,000: PostgreSQL lets an idle session keep its own for 10 s. */
  readonly statisticsLateMs?: number | undefined
  /** The tables have changed, or are again what they were. */
  readonly onSchema: () => void
  readonly report: ReportError
}

export interface WatchStatus {
  /** `broken`: changes may have been missed, or the fence is open. `unknown`: the newest look failed. */
  readonly state: 'sound' | 'broken' | 'unknown'
  /** Epoch ms of the newest whole look. */
  readonly checkedAt: number | undefined
  readonly problems: readonly string[]
  readonly unwatched: readonly string[]
}

/** Looks again and again whether every change is still captured. */
export interface CaptureWatch extends Stoppable {
  start(): void
  /** @throws the databases' errors */
  look(): Promise<void>
  /** Why the sync has to pause. */
  schemaChange(): StranglerError | undefined
  /** Nothing is known to have been missed in this epoch. */
  isSound(): boolean
  status(): WatchStatus
}

const EVERY_MS = 60_000
const STATISTICS_LATE_MS = 12_000

/** What is remembered in the source for as long as the epoch lasts: a gap does not close by a restart. */
interface Memory {
  gaps: string[]
  made: Record<string, string>
}

export function createCaptureWatch(options: CaptureWatchOptions): CaptureWatch {
  const { capability, epoch, source, report } = options
  const store = createDatabaseCheckpoints(source)
  const name = `watch:${capability}:${epoch}`
  const everyMs = options.everyMs ?? EVERY_MS
  let memory: Memory | undefined
  let change: StranglerError | undefined
  let fence: readonly string[] = []
  let failure: string | undefined
  let checkedAt: number | undefined
  let blind: string | undefined
  const lookAtCounters = createCounterLook(options)

  async function look(): Promise<void> {
    try {
      memory ??= JSON.parse((await store.read(name)) ?? '{"gaps":[],"made":{}}') as Memory
      const before = JSON.stringify(memory)
      const found = [
        ...(await findDeadTriggers(options)),
        ...(await lookAtCounters()),
        ...(await lookAtMade(memory)),
      ]
      memory.gaps.push(...found.filter((gap) => !memory?.gaps.includes(gap)))
      if (JSON.stringify(memory) !== before) await store.write(name, JSON.stringify(memory))
      fence = await findOpenFence(options)
      await lookAtSchema()
      failure = undefined
      checkedAt = Date.now()
    } catch (error) {
      failure = describe(error)
      throw error
    }
  }

  async function lookAtMade({ made }: Memory): Promise<string[]> {
    const rows = await readMade(options)
    blind = rows === undefined ? 'TRUNCATE, because the kit’s user lacks the PROCESS privilege' : undefined
    return rows === undefined ? [] : findMadeAnew(made, rows)
  }

  async function lookAtSchema(): Promise<void> {
    const before = change?.message
    change = await findSchemaChange(options)
    if (change?.message !== before) options.onSchema()
  }

  const loop = createLoop({
    async work() {
      await look()
      return false
    },
    shortestPauseMs: everyMs,
    longestPauseMs: everyMs,
    onError: (error) => report('sync.watch', error),
  })
  const isSound = () => (memory?.gaps.length ?? 0) === 0
  return {
    start: loop.start,
    stop: loop.stop,
    look,
    schemaChange: () => change,
    isSound,
    status: () => ({
      state: !isSound() || fence.length > 0 ? 'broken' : failure === undefined ? 'sound' : 'unknown',
      checkedAt,
      problems: listProblems(capability, { gaps: memory?.gaps ?? [], fence, failure }),
      unwatched: [...source.dialect.watch.unwatched, ...(blind === undefined ? [] : [blind])],
    }),
  }
}

interface Found {
  readonly gaps: readonly string[]
  readonly fence: readonly string[]
  readonly failure: string | undefined
}

/** Each with what mends it. */
function listProblems(capability: string, { gaps, fence, failure }: Found): string[] {
  return [
    ...gaps.map(
      (gap) =>
        `${gap}. \`strangler sync install ${capability}\` and \`strangler sync backfill ${capability}\` mend it`,
    ),
    ...fence.map((hole) => `${hole}. \`strangler sync install ${capability}\` mends it`),
    ...(failure === undefined ? [] : [`the capture could not be looked at: ${failure}`]),
  ]
}

/** Compares what the server has counted with what the log has got, look after look. */
function createCounterLook(options: CaptureWatchOptions): () => Promise<string[]> {
  const lateMs = options.statisticsLateMs ?? STATISTICS_LATE_MS
  const startedAt = Date.now()
  let counters: Counters | undefined
  let suspectedAt: number | undefined
  return async () => {
    const at = Date.now()
    // Until then, changes from before the triggers may still come into the statistics.
    if (at - startedAt < lateMs) return []
    const now = await readCounters(options)
    const judged = now === undefined || counters === undefined ? 'reset' : judgeCounters(counters, now)
    if (judged === undefined || judged === 'reset') {
      counters = now
      suspectedAt = undefined
      return []
    }
    // Only what stays missing is missing.
    suspectedAt ??= at
    if (at - suspectedAt < lateMs) return []
    counters = now
    suspectedAt = undefined
    if (judged.isDoubtful) return []
    return [
      `about ${judged.missed} changes of ${judged.tables.join(', ')} are not in the log: somebody writes past the triggers`,
    ]
  }
}

/** Of the tables that were made otherwise when they were looked at last; what is remembered of them is then of now. */
function findMadeAnew(made: Memory['made'], rows: readonly TextRow[]): string[] {
  const anew: string[] = []
  for (const row of rows) {
    const [table, as] = [row['tbl'] ?? '', row['made'] ?? '']
    if (made[table] !== undefined && made[table] !== as) anew.push(table)
    made[table] = as
  }
  return anew.map(
    (table) =>
      `${table} was made anew by TRUNCATE, ALTER or OPTIMIZE (now ${made[table]}): no trigger tells of rows that went`,
  )
}

async function findDeadTriggers({ source, routes }: CaptureWatchOptions): Promise<string[]> {
  const tables = routes.map((route) => route.source.table)
  const [first] = tables
  const ancestors =
    source.dialect.name === 'mariadb' && first !== undefined
      ? await findAncestors(source.query, first.schema, tables)
      : []
  const rows = await source.query(source.dialect.watch.readTriggers(tables))
  return missingAmong(source.dialect.watch.captureTriggers(tables, ancestors), rows).map(
    ({ table, name, how }) => `the trigger ${name} of ${table} ${how}, and changes may have been missed`,
  )
}

async function findOpenFence({ target, routes }: CaptureWatchOptions): Promise<string[]> {
  const { watch } = target.dialect
  const tables = routes.map((route) => route.target.table)
  const rows = await target.query(watch.readTriggers(tables))
  return tables.flatMap((table) => {
    const modes = (['reject', 'report'] as const).map((mode) =>
      missingAmong(watch.guardTriggers([table], mode), rows),
    )
    const [rejecting = [], reporting = []] = modes
    if (rejecting.length === 0 || reporting.length === 0) return []
    return [`the guard of ${table.name} is not whole: its own side can write what the sync will overwrite`]
  })
}

type MissingTrigger = TriggerName & { readonly how: string }

function missingAmong(wanted: readonly TriggerName[], rows: readonly TextRow[]): MissingTrigger[] {
  return wanted.flatMap(({ table, name }) => {
    const row = rows.find((one) => one['name'] === name && one['tbl'] === table)
    if (row === undefined) return [{ table, name, how: 'is gone' }]
    return row['fires'] === 'true' ? [] : [{ table, name, how: 'does not always fire' }]
  })
}

async function readCounters({ source, routes }: CaptureWatchOptions): Promise<Counters | undefined> {
  const statement = source.dialect.watch.readCounters?.(routes.map((route) => route.source.table))
  if (statement === undefined) return undefined
  const rows = await source.query(statement)
  const log = rows.find(({ tbl }) => tbl === null)
  const changed = rows.filter(({ tbl }) => tbl !== null).map((row) => [row['tbl'], Number(row['changed'])])
  const [logged, direct] = [Number(log?.['changed'] ?? 0), Number(log?.['direct'] ?? 0)]
  return { changed: Object.fromEntries(changed), logged, direct }
}

/** Undefined where the kit's user may not see it. */
async function readMade({ source, routes, report }: CaptureWatchOptions): Promise<TextRow[] | undefined> {
  const statement = source.dialect.watch.readMade?.(routes.map((route) => route.source.table))
  if (statement === undefined) return []
  return source.query(statement).catch((error: unknown) => {
    if (classifyError(error) !== 'other') throw error
    report('sync.watch', error)
    return undefined
  })
}
