import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import copy from 'pg-copy-streams'
import type { CapabilitySyncStatus } from '../../strangler/sync/capability-sync.ts'
import { median, round } from '../statistics.ts'
import { TABLE } from './options.ts'
import type { SyncStand } from './stand.ts'

const LOOK_EVERY_MS = 100
const GIVE_UP_MS = 1_800_000

export interface Copying {
  readonly backfillRowsPerSecond: number
  /** `COPY … TO STDOUT | COPY … FROM STDIN` of the same table, before and after the backfill. */
  readonly copyRowsPerSecond: number
  readonly backfillVsCopy: number
  readonly verifyRowsPerSecond: number
  /** What the sync's process grew by from the middle of the backfill to its end and through verify: a heap that fills is not yet growth. */
  readonly rssGrowthMiB: number
  readonly rssMiB: number
}

/** The whole table through the sync, next to the fastest way there is; then both sides compared. */
export async function measureCopying(
  stand: SyncStand,
  { rows, epoch, signal }: { rows: number; epoch: number; signal: AbortSignal },
): Promise<Copying> {
  const copies = [await copyTable(stand)]
  const memory = createMemoryWatch(stand.sync.pid)
  const began = performance.now()
  await stand.sync.call('follow', { epoch, backfill: true })
  await waitFor(stand, signal, (status) => {
    const backfill = status.running?.backfill
    memory.look((backfill?.rows ?? 0) > rows / 2)
    return backfill?.state === 'done'
  })
  const backfillRowsPerSecond = (rows / (performance.now() - began)) * 1_000
  copies.push(await copyTable(stand))
  await stand.sync.call('verify', epoch)
  let report: { rowsPerSecond: number } | undefined
  await waitFor(stand, signal, ({ verification }) => {
    memory.look(true)
    if (verification?.state === 'failed') throw new Error(verification.error)
    if (verification?.state !== 'done') return false
    const { missing, extra, different, compared, inFlight } = verification.report
    if (missing + extra + different + inFlight > 0 || compared !== rows)
      throw new Error(`The copy is not the same: ${JSON.stringify(verification.report)}`)
    report = verification.report
    return true
  })
  const copyRowsPerSecond = (rows / median(copies)) * 1_000
  return {
    backfillRowsPerSecond: Math.round(backfillRowsPerSecond),
    copyRowsPerSecond: Math.round(copyRowsPerSecond),
    backfillVsCopy: round(backfillRowsPerSecond / copyRowsPerSecond),
    verifyRowsPerSecond: Math.round(report?.rowsPerSecond ?? 0),
    ...memory.figures(),
  }
}

async function copyTable({ monolith, service }: SyncStand): Promise<number> {
  await service.query('TRUNCATE copied')
  const [from, into] = await Promise.all([monolith.connect(), service.connect()])
  try {
    const began = performance.now()
    await pipeline(
      from.query(copy.to(`COPY ${TABLE} TO STDOUT`)),
      into.query(copy.from('COPY copied FROM STDIN')),
    )
    return performance.now() - began
  } finally {
    from.release()
    into.release()
  }
}

/** Asks the sync until it is so. */
export async function waitFor(
  { sync }: SyncStand,
  signal: AbortSignal,
  isSo: (status: CapabilitySyncStatus) => boolean,
): Promise<void> {
  for (const deadline = performance.now() + GIVE_UP_MS; ; await delay(LOOK_EVERY_MS)) {
    signal.throwIfAborted()
    const status = await sync.call<CapabilitySyncStatus>('status')
    if (isSo(status)) return
    if (status.failure !== undefined || performance.now() > deadline)
      throw new Error(`It never became so: ${JSON.stringify(status)}`)
  }
}

function createMemoryWatch(pid: number) {
  const MIB = 1024
  let first = 0
  let most = 0
  return {
    look(counts: boolean) {
      if (!counts) return
      // Where there is no /proc the figure stays 0.
      const now = readRssKib(pid)
      first ||= now
      most = Math.max(most, now)
    },
    figures: () => ({ rssGrowthMiB: round((most - first) / MIB, 1), rssMiB: round(most / MIB, 1) }),
  }
}

function readRssKib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    // macOS has no /proc.
    return 0
  }
}
