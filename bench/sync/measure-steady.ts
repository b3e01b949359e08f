import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { readCpuMs } from '../processes/cpu-time.ts'
import { percentile, round } from '../statistics.ts'
import { waitFor } from './measure-copying.ts'
import { type Offered, offerChanges } from './offer-changes.ts'
import type { SyncStand } from './stand.ts'

const LOOK_EVERY_MS = 50
const RAMP_MS = 3_000

export interface Steady {
  /** Changed rows a second that the service's database has got, while as many as asked for were offered. */
  readonly changesPerSecond: number
  readonly offeredPerSecond: number
  /** The age of the oldest change that was not acknowledged, looked at twenty times a second. */
  readonly lagP50Ms: number
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  /** After a pause: how fast what has piled up is carried. */
  readonly drainPerSecond: number
  /** Of one processor, used by the sync's process. */
  readonly cpuShare: number | undefined
}

interface Load {
  readonly rows: number
  readonly changes: number
  readonly seconds: number
  readonly epoch: number
  readonly signal: AbortSignal
}

/** The lag while rows change at a steady pace. */
export async function measureSteady(stand: SyncStand, load: Load): Promise<Steady> {
  const { rows, changes, seconds, signal } = load
  const ending = new AbortController()
  const offering = offerChanges(stand.monolith, { rows, changesPerSecond: changes, until: ending.signal })
  // Nobody looks at a steady state before it is there.
  await delay(RAMP_MS)
  const cpuBefore = readCpuMs(stand.sync.pid)
  const began = performance.now()
  const logBefore = (await readLog(stand)).entries
  const lags: number[] = []
  for (; performance.now() - began < seconds * 1_000; await delay(LOOK_EVERY_MS)) {
    signal.throwIfAborted()
    lags.push((await readLog(stand)).ageMs)
  }
  const tookMs = performance.now() - began
  const cpuAfter = readCpuMs(stand.sync.pid)
  const logAfter = (await readLog(stand)).entries
  ending.abort()
  const offered: Offered = await offering
  const offeredPerSecond = (offered.rows / offered.tookMs) * 1_000
  await waitFor(stand, signal, ({ entries }) => entries === 0)
  return {
    changesPerSecond: Math.round(offeredPerSecond - ((logAfter - logBefore) / tookMs) * 1_000),
    offeredPerSecond: Math.round(offeredPerSecond),
    lagP50Ms: round(percentile(lags, 50), 0),
    lagP99Ms: round(percentile(lags, 99), 0),
    lagMaxMs: round(Math.max(...lags), 0),
    drainPerSecond: await measureDrain(stand, load),
    cpuShare:
      cpuBefore === undefined || cpuAfter === undefined
        ? undefined
        : round((cpuAfter - cpuBefore) / tookMs, 2),
  }
}

/** Four seconds' worth of changes at once, made while nothing is carried. */
async function measureDrain(stand: SyncStand, { changes, epoch, signal, rows }: Load): Promise<number> {
  const many = Math.min(rows, changes * 4)
  await stand.sync.call('follow', undefined)
  await stand.monolith.query('UPDATE item SET quantity = quantity + 1 WHERE id <= $1', [many])
  const began = performance.now()
  await stand.sync.call('follow', { epoch, backfill: false })
  await waitFor(stand, signal, ({ entries }) => entries === 0)
  return Math.round((many / (performance.now() - began)) * 1_000)
}

/** From the log itself, not from what the sync says of it. */
export async function readLog({ monolith }: SyncStand): Promise<{ ageMs: number; entries: number }> {
  const { rows } = await monolith.query<{ age: string; entries: string }>(
    `SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)) * 1000, 0)::text AS age, count(*)::text AS entries
     FROM strangler.changes`,
  )
  return { ageMs: Math.max(0, Number(rows[0]?.age ?? 0)), entries: Number(rows[0]?.entries ?? 0) }
}
