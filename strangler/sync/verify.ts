import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, ReportError } from '../core/ports.ts'
import type { Direction } from '../core/sync-words.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { createChunkSize } from './chunk-size.ts'
import { classifyError } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import type { TableRoute } from './mapping.ts'
import type { Divergence } from './verify-keys.ts'
import { createLedger, type Ledger, NOTHING, type Pass } from './verify-ledger.ts'
import { type PageStart, type VerifiedPage, verifyExtra, verifyRows } from './verify-pages.ts'
import {
  countDiverged,
  hideValue,
  type MaskCell,
  sampleOf,
  type VerifyCheckpoint,
  type VerifyProgress,
  type VerifyReport,
} from './verify-report.ts'
import { createRest } from './verify-rest.ts'
import { planSums, verifySums } from './verify-sums.ts'

const MOST_ROWS = 4_000
const FEWEST_ROWS = 50
/** Compared inside the databases, a third of a second's work. */
const SUMMED_ROWS = 32_000
/** Memory may not grow with what is on its way: beyond this nothing new is read. */
const MOST_OPEN = 5_000
const SAVE_EVERY_MS = 1_000
const THROTTLED_MS = 250

export interface VerifyOptions {
  readonly capability: string
  readonly direction: Direction
  readonly epoch: number
  readonly source: SyncDatabase
  readonly target: SyncDatabase
  readonly routes: readonly TableRoute[]
  /**
   * Source names of tables whose mapping has neither functions nor constants: those are compared by sums inside the databases, where both
   * are of one dialect and one type a column. Default none.
   */
  readonly copies?: readonly string[]
  /** Where an aborted run goes on; without it, it begins again. */
  readonly checkpoints?: CheckpointStore
  /** Why it should wait now, or undefined. Asked before every page. */
  readonly throttle?: () => Promise<string | undefined>
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: VerifyProgress) => void
  /** Every divergence as it is found, for a repair; after a restart some may come again. */
  readonly onDiverged?: (found: readonly Divergence[]) => Promise<void>
  /** What samples show of values. Default: their length. */
  readonly mask?: MaskCell
  /** How long a key that is on its way is looked at again before it is left as in flight. Default 30,000. */
  readonly patienceMs?: number
  readonly report?: ReportError
  readonly now?: Clock
}

/** What the parts of one run share. */
export interface VerifyRun {
  readonly options: VerifyOptions
  readonly ledger: Ledger
  readonly mask: MaskCell
  readonly now: Clock
  announce(throttled?: string): void
}

/**
 * Compares every row of both sides while both are written to: no pause, and no false alarm. Ends when every key is decided, or has been on its
 * way for longer than `patienceMs`.
 * @throws the signal's reason when aborted, or the database's error; a checkpoint is kept either way
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const now = options.now ?? Date.now
  const name = `verify:${options.capability}:${options.direction}:${options.epoch}`
  const begun = resume(options, await options.checkpoints?.read(name)) ?? beginning(now())
  const ledger = createLedger(begun)
  const place: { table: string; pass: Pass } = { table: '', pass: 'rows' }
  const startedAt = now()
  const progress = (throttled?: string): VerifyProgress => {
    const { unsettled, ...counts } = ledger.totals()
    const seconds = Math.max(1, now() - startedAt) / 1_000
    return {
      ...place,
      ...counts,
      inFlight: unsettled + ledger.openCount,
      rowsPerSecond: Math.round((counts.compared - begun.counts.compared) / seconds),
      throttled,
    }
  }
  const run: VerifyRun = {
    options,
    ledger,
    now,
    mask: options.mask ?? hideValue,
    announce: (throttled) => options.onProgress?.(progress(throttled)),
  }
  let savedAt = now()
  const save = async (isDue: boolean) => {
    const settled: VerifyCheckpoint = { ...ledger.settled(), startedAt: begun.startedAt }
    if (!isDue && now() - savedAt < SAVE_EVERY_MS) return
    savedAt = now()
    await options.checkpoints?.write(name, JSON.stringify(settled))
  }
  try {
    await walkTables({ run, save: () => save(false), place }, begun)
  } catch (error) {
    // What stopped it says more than that the place could not be kept.
    await save(true).catch((failure) => options.report?.('sync.verify', failure))
    throw error
  }
  await options.checkpoints?.remove(name)
  const { table: _table, pass: _pass, throttled: _throttled, ...numbers } = progress()
  const { capability, direction } = options
  const samples = ledger.samples()
  return { capability, direction, startedAt: begun.startedAt, ...numbers, samples, tookMs: now() - startedAt }
}

/** Undefined when there is nothing to go on with, or the tables are others by now. */
function resume({ routes }: VerifyOptions, saved: string | undefined): VerifyCheckpoint | undefined {
  if (saved === undefined) return undefined
  const begun = JSON.parse(saved) as VerifyCheckpoint
  const isKnown = routes.some(({ source }) => source.table.name === begun.position?.table)
  return isKnown || begun.position === undefined ? begun : undefined
}

function beginning(startedAt: number): VerifyCheckpoint {
  return { position: undefined, counts: NOTHING, samples: [], startedAt }
}

interface Walk {
  readonly run: VerifyRun
  readonly save: () => Promise<void>
  readonly place: { table: string; pass: Pass }
}

async function walkTables(walk: Walk, { position }: VerifyCheckpoint): Promise<void> {
  const { options } = walk.run
  const rest = createRest(walk.run)
  const first = options.routes.findIndex(({ source }) => source.table.name === position?.table)
  for (const [index, route] of options.routes.entries()) {
    if (index < first) continue
    const plan = options.copies?.includes(route.source.table.name) ? planSums(options, route) : undefined
    const begin = index === first ? position : undefined
    let pass: Pass = begin?.pass ?? (plan === undefined ? 'rows' : 'sums')
    let after = begin?.through
    const step = (read: ReadPage) => walkTable({ ...walk, rest, route, pass, read }, after)
    if (pass === 'sums' && plan !== undefined) {
      const left = await step((start) => verifySums(options, route, { ...start, plan }))
      if (left === 'done') continue
      after = left.after
    }
    if (pass !== 'extra') {
      pass = 'rows'
      await step((start) => verifyRows(options, route, start))
      after = undefined
    }
    pass = 'extra'
    await step((start) => verifyExtra(options, route, start))
  }
  await rest.untilNothingIsOpen()
}

type ReadPage = (start: PageStart) => Promise<VerifiedPage>

interface TableWalk extends Walk {
  readonly rest: ReturnType<typeof createRest>
  readonly route: TableRoute
  readonly pass: Pass
  readonly read: ReadPage
}

/** Gives where it stands when sums cannot be had: the rows themselves can, more slowly. */
async function walkTable(
  walk: TableWalk,
  begin: string | undefined,
): Promise<'done' | { after: string | undefined }> {
  const { run, rest, place } = walk
  const size = createChunkSize()
  const table = walk.route.source.table.name
  Object.assign(place, { table, pass: walk.pass })
  let after = begin
  for (;;) {
    await waitForLeave(walk)
    await rest.lookAgain()
    const limit = walk.pass === 'sums' ? SUMMED_ROWS : Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, size.rows))
    const began = run.now()
    const page = await walk.read({ after, limit }).catch((error: unknown) => {
      if (walk.pass !== 'sums' || classifyError(error) === 'unreachable') throw error
      run.options.report?.('sync.verify', new Error(`${table} is compared row by row`, { cause: error }))
      return undefined
    })
    if (page === undefined) return { after }
    size.learn(page.rows, run.now() - began)
    await enterPage(walk, page, page.through ?? after)
    if (page.through === undefined) return 'done'
    after = page.through
  }
}

async function enterPage(walk: TableWalk, page: VerifiedPage, through: string | undefined): Promise<void> {
  const { run, route, pass } = walk
  const { diverged, inFlight } = page.judgement
  if (diverged.length > 0) await run.options.onDiverged?.(diverged)
  const position = { pass, table: route.source.table.name, through }
  const entered = run.ledger.addPage(position, inFlight, run.now())
  const samples = diverged.slice(0, 10).map((found) => sampleOf(found, run.mask))
  run.ledger.count(entered, { compared: page.compared, ...countDiverged(diverged) }, samples)
  run.announce()
  await walk.save()
}

async function waitForLeave({ run, rest }: TableWalk): Promise<void> {
  const { signal, throttle } = run.options
  signal?.throwIfAborted()
  while (run.ledger.openCount >= MOST_OPEN) await rest.waitAndLook()
  for (;;) {
    const reason = await throttle?.()
    signal?.throwIfAborted()
    if (reason === undefined) return
    run.announce(reason)
    await delay(THROTTLED_MS, undefined, { ...(signal && { signal }) })
  }
}
