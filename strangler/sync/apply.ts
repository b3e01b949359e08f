import { setTimeout as delay } from 'node:timers/promises'
import { StranglerError } from '../core/errors.ts'
import type { ReportError } from '../core/ports.ts'
import type { BatchResult, ChangeBatch, ChangeEntry, DialectName } from '../core/sync-words.ts'
import type { TraceApply } from './apply/trace-apply.ts'
import { applyEntries, runAll, type TargetTables } from './apply-entries.ts'
import { applyIsolated, type FailedEntry } from './apply-isolated.ts'
import { clearQuarantine, clearTruncated, raiseEpoch, recordQuarantine } from './bookkeeping.ts'
import { claimDatabases, foreignDatabase, foreignJob, readStand } from './claim-database.ts'
import { classifyError, describe } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import type { RunStatement, TableColumns } from './dialect.ts'
import { orderByReferences } from './table-order.ts'

/** Attempts at a job that lost against someone else's lock, before the queue is let go on. */
const ATTEMPTS = 4

export interface ApplierOptions {
  readonly capability: string
  /** Whose jobs it takes, and whose the target is. */
  readonly installation: string
  readonly target: SyncDatabase
  /** Its tables and the columns of the wire's `row`, in its order. */
  readonly tables: readonly TableColumns[]
  /** All tables of the capability, where `tables` are some of them. */
  readonly own?: readonly string[]
  /** Makes a span of each job, where somebody wants spans. */
  readonly traceApply?: TraceApply | undefined
  readonly report: ReportError
}

/** Writes jobs into the target. It needs nothing of the source, so it can run inside the service. */
export interface Applier {
  /**
   * One job, one transaction. Undefined when it is of an older epoch: then nothing happened and nothing is to be acknowledged.
   * @throws StranglerError STRANGLER_SYNC_FOREIGN when the job or the database is another installation's: nothing happened
   * @throws the database's error when it is not reachable, or still locked after some attempts; the relay will send it again
   */
  apply(batch: ChangeBatch): Promise<BatchResult | undefined>
}

export function createApplier(options: ApplierOptions): Applier {
  const { capability, installation, target, tables, report, traceApply } = options
  const claim = { capability, installation }
  let claimed = false
  const known: TargetTables = { dialect: target.dialect, tables: orderByReferences(tables) }
  const names = new Set(tables.map(({ table }) => table.name))
  const begin = target.dialect.beginApply(options.own ?? [...names])

  async function applyOnce(batch: ChangeBatch, entries: readonly ChangeEntry[], isolate: boolean) {
    return target.transaction(
      async (run) => {
        if (!(await enterEpoch(run, batch))) return undefined
        await runAll(run, begin)
        const failed = isolate
          ? await applyIsolated({ run, target: known, epoch: batch.epoch }, entries)
          : await applyWhole(run, batch, entries)
        await keepQuarantine(run, target.dialect.name, { epoch: batch.epoch, entries, failed })
        return failed
      },
      { isolation: 'READ COMMITTED' },
    )
  }

  async function applyWhole(run: RunStatement, batch: ChangeBatch, entries: readonly ChangeEntry[]) {
    await applyEntries(run, known, { entries, epoch: batch.epoch, mode: 'upsert' })
    await runAll(run, target.dialect.endApply?.() ?? [])
    return [] as FailedEntry[]
  }

  async function enterEpoch(run: RunStatement, batch: ChangeBatch): Promise<boolean> {
    const [stand] = await run(readStand(target.dialect.name, capability))
    if (stand?.['claim'] !== installation) {
      // Restored from before it was claimed, say: nobody's, and then it is claimed anew for the next job.
      claimed = false
      throw foreignDatabase(stand?.['claim'], claim)
    }
    const epoch = Number(stand['epoch'] ?? -1)
    if (batch.epoch < epoch) return false
    if (batch.epoch > epoch) {
      const next = { capability, role: 'target', epoch: batch.epoch } as const
      await run(raiseEpoch(target.dialect.name, next))
    }
    return true
  }

  async function claimTarget(): Promise<void> {
    if (!claimed) await claimDatabases([target], claim)
    claimed = true
  }

  async function apply(batch: ChangeBatch): Promise<BatchResult | undefined> {
    if (batch.installation !== installation) throw foreignJob(batch.installation, claim)
    await claimTarget()
    const entries = sortEntries(batch.entries.filter((entry) => names.has(entry.table)))
    const strangers = batch.entries.filter((entry) => !names.has(entry.table))
    if (strangers.length > 0)
      report('sync.apply', new Error(`No such table in the target: ${strangers[0]!.table}`))
    let isolate = false
    for (let attempt = 1; ; attempt += 1) {
      try {
        const failed = await applyOnce(batch, entries, isolate)
        return failed === undefined ? undefined : resultOf(batch, entries, failed)
      } catch (error) {
        if (error instanceof StranglerError) throw error
        const kind = classifyError(error)
        if (
          kind === 'unreachable' ||
          kind === 'overtaken' ||
          attempt >= ATTEMPTS ||
          (isolate && kind !== 'retry')
        )
          throw error
        if (kind === 'retry') await delay(Math.random() * 50 * attempt)
        else isolate = true
        if (kind === 'other') report('sync.apply', new Error(`A job is taken apart: ${describe(error)}`))
      }
    }
  }

  return { apply: traceApply === undefined ? apply : (batch) => traceApply(batch, () => apply(batch)) }
}

interface Outcome {
  readonly epoch: number
  readonly entries: readonly ChangeEntry[]
  readonly failed: readonly FailedEntry[]
}

async function keepQuarantine(
  run: RunStatement,
  dialect: DialectName,
  { epoch, entries, failed }: Outcome,
): Promise<void> {
  const refused = new Set(failed.map(({ entry }) => entry))
  const done = entries.filter((entry) => !refused.has(entry))
  if (done.length > 0) await run(clearQuarantine(dialect, done))
  for (const entry of done.filter(({ truncate }) => truncate === true))
    await run(clearTruncated(dialect, entry, epoch))
  for (const failure of failed) await run(recordQuarantine(dialect, failure, epoch))
}

/** By table and key, so that two appliers lock in the same order; a doubled key goes with its newest version. */
function sortEntries(entries: readonly ChangeEntry[]): ChangeEntry[] {
  const newest = new Map<string, ChangeEntry>()
  for (const entry of entries) {
    const id = `${entry.table} ${entry.key}`
    const before = newest.get(id)
    if (before === undefined || BigInt(before.version) < BigInt(entry.version)) newest.set(id, entry)
  }
  const idOf = (entry: ChangeEntry) => `${entry.table} ${entry.key}`
  return [...newest.values()].sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1))
}

function resultOf(
  batch: ChangeBatch,
  entries: readonly ChangeEntry[],
  failed: readonly FailedEntry[],
): BatchResult {
  const refused = new Set(failed.map(({ entry }) => entry))
  const name = ({ table, key, version }: ChangeEntry) => ({ table, key, version })
  return {
    capability: batch.capability,
    direction: batch.direction,
    epoch: batch.epoch,
    ...(batch.chunk === undefined ? {} : { chunk: batch.chunk }),
    // Version 0 is a row of the backfill of which the log says nothing.
    done: entries.filter((entry) => entry.version !== '0' && !refused.has(entry)).map(name),
    quarantined: failed.map(({ entry, kind, error }) => ({
      ...name(entry),
      error,
      reason: kind === 'unique' || kind === 'reference' ? kind : 'other',
    })),
  }
}
