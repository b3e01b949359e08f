import type { ClockEstimate, HeardHeartbeat, LocalPosition, SyncHeartbeat } from '../core/data-position.ts'
import type { Clock } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'

/** Four heartbeats missed: then nothing is known of the copy. */
export const HEARTBEAT_GOOD_FOR_MS = 2_000
/** Clocks do not jump because a sync has stopped; the error grows meanwhile. */
const CLOCK_GOOD_FOR_MS = 600_000
/** What two clocks drift apart at most, per millisecond: quartz and a time daemon that slews, with room to spare. */
const DRIFT = 0.0005

/** What the syncs of the capabilities said last, wherever they run. */
export interface PositionKeeper extends LocalPosition {
  hear(heartbeat: SyncHeartbeat): void
  /** The journal says which epoch counts, and whether the sync is to run. */
  follow(state: Pick<RouteState, 'syncs'>): void
  heard(): readonly HeardHeartbeat[]
}

/** @param now milliseconds of a clock that only grows */
export function createPositionKeeper(now: Clock): PositionKeeper {
  const newest = new Map<string, SyncHeartbeat>()
  let orders: NonNullable<RouteState['syncs']> = {}
  const ageOf = (heartbeat: SyncHeartbeat) => Math.max(0, now() - heartbeat.at)
  const isOfEpoch = ({ capability, epoch }: SyncHeartbeat) => orders[capability]?.epoch === epoch

  function fresh(capability: string): SyncHeartbeat | undefined {
    const heartbeat = newest.get(capability)
    if (heartbeat === undefined || !isOfEpoch(heartbeat)) return undefined
    const counts = orders[capability]?.state === 'running' && ageOf(heartbeat) <= HEARTBEAT_GOOD_FOR_MS
    return counts ? heartbeat : undefined
  }

  function lagMs(capability: string): number | undefined {
    const heartbeat = fresh(capability)
    return heartbeat?.lagMs === undefined ? undefined : heartbeat.lagMs + ageOf(heartbeat)
  }

  return {
    hear(heartbeat) {
      const present = newest.get(heartbeat.capability)
      if (present !== undefined && ageOf(present) <= HEARTBEAT_GOOD_FOR_MS) {
        const { epoch, at } = present
        if (heartbeat.epoch < epoch || (heartbeat.epoch === epoch && heartbeat.at <= at)) return
      }
      newest.set(heartbeat.capability, heartbeat)
    },
    follow(state) {
      orders = state.syncs ?? {}
    },
    isSynced: (capability) => orders[capability] !== undefined,
    lagMs,
    appliedThrough: (capability) => fresh(capability)?.appliedThrough,
    sourceNow(capability) {
      const heartbeat = newest.get(capability)
      if (heartbeat === undefined || !isOfEpoch(heartbeat)) return undefined
      const ageMs = ageOf(heartbeat)
      return ageMs > CLOCK_GOOD_FOR_MS ? undefined : estimateAfter(heartbeat.source, ageMs)
    },
    appliedThroughHere(capability) {
      const heartbeat = fresh(capability)
      if (heartbeat?.appliedThrough === undefined) return undefined
      const { source, appliedThrough, at } = heartbeat
      const agoMs = source.ms + source.errorMs - appliedThrough
      return at - agoMs * (1 + DRIFT)
    },
    heard: () =>
      [...newest.values()].filter(isOfEpoch).map((heartbeat) => {
        return { heartbeat, ageMs: ageOf(heartbeat), lagMs: lagMs(heartbeat.capability) }
      }),
  }
}

/** What a clock shows some time after it was read. */
export function estimateAfter({ ms, errorMs }: ClockEstimate, elapsedMs: number): ClockEstimate {
  return { ms: ms + elapsedMs, errorMs: errorMs + Math.abs(elapsedMs) * DRIFT }
}
