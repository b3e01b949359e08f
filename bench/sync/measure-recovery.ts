import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRemote } from '../processes/remote.ts'
import { offerChanges } from './offer-changes.ts'
import type { SyncStand } from './stand.ts'

const RUN_IN_MS = 2_000
const LOOK_EVERY_MS = 25
const GIVE_UP_MS = 60_000
const TRIES = 3

export interface Recovery {
  /** Until everything that was committed before the fault is in the service's database; the longest of three. */
  readonly recoverAfterFlushMs: number
  readonly recoverAfterKillMs: number
}

interface Load {
  readonly rows: number
  readonly changes: number
  readonly epoch: number
  readonly signal: AbortSignal
}

/** Faults under half of the steady load. */
export async function measureRecovery(stand: SyncStand, load: Load): Promise<Recovery> {
  const ending = new AbortController()
  const offering = offerChanges(stand.monolith, {
    rows: load.rows,
    changesPerSecond: load.changes / 2,
    until: ending.signal,
  })
  try {
    return {
      recoverAfterFlushMs: await longest(() => recoverFrom(stand, load, () => flush(stand))),
      recoverAfterKillMs: await longest(async () => {
        const applier = startRemote('../sync/programs/applier.ts')
        try {
          await applier.call('start', { source: stand.source, target: stand.target, redis: stand.redis })
          return await recoverFrom(stand, load, () => applier.kill())
        } finally {
          await applier.stop()
        }
      }),
    }
  } finally {
    ending.abort()
    await offering
  }
}

async function longest(measure: () => Promise<number>): Promise<number> {
  let most = 0
  for (let tries = 0; tries < TRIES; tries += 1) most = Math.max(most, await measure())
  return Math.round(most)
}

async function recoverFrom(
  { monolith }: SyncStand,
  { signal }: Load,
  fault: () => Promise<unknown>,
): Promise<number> {
  await delay(RUN_IN_MS)
  await fault()
  const began = performance.now()
  const now = await monolith.query<{ now: string }>('SELECT clock_timestamp()::text AS now')
  const at = now.rows[0]?.now
  for (; ; await delay(LOOK_EVERY_MS)) {
    signal.throwIfAborted()
    const { rows } = await monolith.query(
      'SELECT FROM strangler.changes WHERE at <= $1::timestamptz LIMIT 1',
      [at],
    )
    if (rows.length === 0) return performance.now() - began
    if (performance.now() - began > GIVE_UP_MS)
      throw new Error(`Not caught up ${GIVE_UP_MS} ms after the fault.`)
  }
}

async function flush({ redis }: SyncStand): Promise<void> {
  const client = new Redis(redis)
  await client.flushall()
  client.disconnect()
}
