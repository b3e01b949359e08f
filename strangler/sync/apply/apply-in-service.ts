import type { ReportError, Stoppable } from '../../core/ports.ts'
import type { ChangeBatch, TableShape } from '../../core/sync-words.ts'
import { type Applier, createApplier } from '../apply.ts'
import { readQuarantine } from '../bookkeeping.ts'
import { describe } from '../classify-error.ts'
import type { SyncDatabase } from '../database.ts'
import { createLoop } from '../loop.ts'
import type { Lane, Transport } from '../transport.ts'
import type { TraceApply } from './trace-apply.ts'

const QUARANTINE_SHOWN = 20
/** A schema is looked at again when a job names a column that is not known; a wrong mapping must not make that every job. */
const LOOK_AGAIN_AFTER_MS = 1_000
/** Mappings in use at once are one, and for a moment two. */
const APPLIERS_KEPT = 4

export interface ApplyInServiceOptions {
  readonly capability: string
  readonly installation: string
  readonly target: SyncDatabase
  readonly transport: Transport
  /** Reads the tables as they are now. */
  readonly readTables: () => Promise<readonly TableShape[]>
  readonly announceEveryMs: number
  readonly traceApply: TraceApply
  readonly report: ReportError
}

/**
 * The target's end where the kit cannot look into the database: it takes jobs whose rows name their columns, and puts up what its tables
 * look like.
 */
export async function applyInService(options: ApplyInServiceOptions): Promise<Stoppable> {
  const { capability, installation, target, transport, readTables, report } = options
  let tables = await readTables()
  let lookedAt = performance.now()
  const appliers = new Map<string, Applier>()

  async function lookAgain(): Promise<void> {
    if (performance.now() - lookedAt < LOOK_AGAIN_AFTER_MS) return
    lookedAt = performance.now()
    tables = await readTables()
    appliers.clear()
  }
  function applierFor(columns: NonNullable<ChangeBatch['columns']>): Applier {
    const key = JSON.stringify(columns)
    const known = appliers.get(key)
    if (known !== undefined) return known
    const named = tables.filter(({ name }) => columns[name] !== undefined)
    const parts = named.map((table) => ({ table, columns: columns[table.name] ?? [] }))
    const applier = createApplier({
      capability,
      installation,
      target,
      tables: parts,
      own: tables.map(({ name }) => name),
      report,
      traceApply: options.traceApply,
    })
    if (appliers.size >= APPLIERS_KEPT) appliers.clear()
    appliers.set(key, applier)
    return applier
  }
  async function take(batch: ChangeBatch): Promise<void> {
    const { columns } = batch
    if (columns === undefined) {
      throw new Error(
        `A job of ${capability} does not name its columns: set \`applier: 'service'\` in the kit's configuration.`,
      )
    }
    if (findStranger(columns, tables) !== undefined) await lookAgain()
    const stranger = findStranger(columns, tables)
    // Thrown, so that nothing is acknowledged: the relay sends it again when it may fit.
    if (stranger !== undefined)
      throw new Error(`The database of ${capability} has no ${stranger}, and a job brings it.`)
    const result = await applierFor(columns).apply(batch)
    if (result !== undefined) await transport.sendResults([result])
  }

  const announcing = createLoop({
    async work() {
      const names = tables.map(({ name }) => name)
      const quarantine = await target.query(readQuarantine(target.dialect.name, names, QUARANTINE_SHOWN))
      await transport.putNotice({ dialect: target.dialect.name, tables, quarantine, at: Date.now() })
      return false
    },
    shortestPauseMs: options.announceEveryMs,
    longestPauseMs: options.announceEveryMs,
    onError: (error) => report('sync.notice', new Error(describe(error))),
  })
  const lanes: Lane[] = ['apply', 'backfill']
  const receiving = lanes.map((lane) => transport.receiveBatches(lane, take))
  announcing.start()
  return {
    async stop() {
      await Promise.all([announcing.stop(), ...receiving.map((one) => one.stop())])
      await transport.stop()
    },
  }
}

/** A table or column that a job has and the database has not. */
function findStranger(
  columns: NonNullable<ChangeBatch['columns']>,
  tables: readonly TableShape[],
): string | undefined {
  for (const [name, wanted] of Object.entries(columns)) {
    const table = tables.find((one) => one.name === name)
    if (table === undefined) return `table ${name}`
    const missing = wanted.find((column) => !table.columns.some((one) => one.name === column))
    if (missing !== undefined) return `column ${name}.${missing}`
  }
  return undefined
}
