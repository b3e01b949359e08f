import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../pipeline/open-pair.ts'
import type { Differences } from './compare-rows.ts'
import { createRandom } from './random.ts'
import type { Schedule } from './schedules.ts'
import { openStand, type Stand, type StandOptions } from './stand.ts'
import { runWriter } from './writers.ts'

export interface Simulation extends StandOptions {
  readonly writers: number
  readonly durationMs: number
  /** The storm goes on until so many writes are committed, but not for longer than that. */
  readonly atLeast?: { readonly writes: number; readonly withinMs: number } | undefined
  /** How long everything may take to become the same after the last write. */
  readonly settleMs: number
  /** Forgets everything that is in the queue; not all can. */
  readonly flush?: (() => Promise<void>) | undefined
  readonly schedules: readonly Schedule[]
  /** Whether the ends are killed at random. */
  readonly kills: boolean
}

export interface Outcome extends Differences {
  readonly writes: number
  readonly kills: number
  readonly stormMs: number
  /** How long each took, in milliseconds. */
  readonly schedules: Readonly<Record<string, number>>
  readonly logEntries: number
  readonly quarantined: number
  /** How long everything took to become the same after the last write, and after the schedules; undefined when it did not. */
  readonly stormSettledMs: number | undefined
  readonly settledMs: number | undefined
  readonly backfilled: boolean
  /** What was reported on the way, counted. */
  readonly reports: Record<string, number>
}

const FLUSH_EVERY_MS = 1_700
const BACKFILLED_MS = 60_000

/** Writers on the source, the whole pipeline with its faults, some schedules, then a comparison of every row. */
export async function simulate(options: Simulation): Promise<Outcome> {
  const stand = await openStand(options)
  try {
    const storm = await drive(options, stand)
    const stormSettledMs = await stand.settle(options.settleMs)
    // What is still to be copied would make good what a schedule loses.
    await until(() => stand.end('source').status()?.backfilled === true, BACKFILLED_MS)
    if (options.faults !== undefined) {
      await delay(options.faults.longestDelayMs)
      await stand.calm()
    }
    const schedules: Record<string, number> = {}
    for (const { name, run } of options.schedules.filter(({ suits }) => suits(stand))) {
      const began = Date.now()
      await run(stand)
      schedules[name] = Date.now() - began
    }
    const settledMs = await stand.settle(options.settleMs)
    // Copies that are still on their way must do no harm either.
    await delay(300)
    return {
      ...storm,
      schedules,
      ...(await stand.compare()),
      logEntries: await stand.entries(),
      quarantined: await stand.quarantined(),
      backfilled: stand.end('source').status()?.backfilled === true,
      stormSettledMs,
      settledMs,
      reports: stand.reports,
    }
  } finally {
    await stand.close()
  }
}

async function drive(
  options: Simulation,
  stand: Stand,
): Promise<Pick<Outcome, 'writes' | 'kills' | 'stormMs'>> {
  const { durationMs, atLeast = { writes: 0, withinMs: 0 } } = options
  let writes = 0
  let beganAt = Number.POSITIVE_INFINITY
  const isOver = () => {
    const lasted = Date.now() - beganAt
    return lasted >= durationMs && (writes >= atLeast.writes || lasted >= atLeast.withinMs)
  }
  const onCommit = (count: number) => {
    writes += count
  }
  const writers = Array.from({ length: options.writers }, (_, index) =>
    runWriter(stand.source, options.seed + index, { isOver, onCommit }),
  )
  try {
    // The triggers come while the application writes.
    await Promise.race([delay(300), ...writers])
    await stand.install()
    await Promise.all([stand.start('source'), stand.start('target')])
    beganAt = Date.now()
    const kills = killAtRandom(options, stand, isOver)
    await Promise.all([kills, flushNowAndThen(options, stand, isOver), ...writers])
    return { writes, kills: await kills, stormMs: Date.now() - beganAt }
  } finally {
    beganAt = Number.NEGATIVE_INFINITY
    await Promise.allSettled(writers)
  }
}

async function flushNowAndThen({ flush }: Simulation, { hub }: Stand, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await delay(FLUSH_EVERY_MS)
    hub.flush()
    await flush?.()
  }
}

/** One end or the other, in the middle of its work, and now and then both; each is started again at once. */
async function killAtRandom(options: Simulation, stand: Stand, isOver: () => boolean): Promise<number> {
  if (!options.kills) return 0
  const random = createRandom(options.seed ^ 0xdead)
  let kills = 0
  // On a slow machine a process takes long to start; two it must be all the same.
  while (!isOver() || kills < 2) {
    await delay(300 + random.below(1_500))
    const roles = random.chance(0.15)
      ? (['source', 'target'] as const)
      : [random.pick(['source', 'target'] as const)]
    kills += roles.length
    const restarts = roles.map((role) => stand.start(role))
    // Sometimes it does not even get to its feet.
    if (random.chance(0.1)) {
      await delay(random.below(500))
      await stand.start(roles[0]!)
    }
    await Promise.all(restarts)
  }
  return kills
}
