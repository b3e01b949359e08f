import type { SyncHeartbeat } from '../core/data-position.ts'
import type { Clock } from '../core/ports.ts'
import type { LagWindow } from '../core/traffic-words.ts'

const KEPT_MS = 900_000
/** Four heartbeats missed: what was before says nothing of the gap. */
const GAP_MS = 2_500
const EVERY_MS = 200

/** Remembers for a quarter of an hour how far each copy was behind. */
export interface LagBook {
  hear(heartbeat: SyncHeartbeat): void
  /** Undefined when the last word is old, or says that the copy is not whole. */
  window(capability: string): LagWindow | undefined
}

interface Watch {
  epoch: number
  readonly samples: { at: number; lagMs: number }[]
}

/** @param now milliseconds of a clock that only grows */
export function createLagBook(now: Clock): LagBook {
  const watches = new Map<string, Watch>()
  return {
    hear({ capability, epoch, lagMs }) {
      const at = now()
      const watch = watches.get(capability)
      if (watch !== undefined && epoch < watch.epoch) return
      if (lagMs === undefined) {
        watches.delete(capability)
        return
      }
      const last = watch?.samples.at(-1)
      if (watch === undefined || watch.epoch !== epoch || last === undefined || at - last.at > GAP_MS) {
        watches.set(capability, { epoch, samples: [{ at, lagMs }] })
        return
      }
      if (at - last.at < EVERY_MS) last.lagMs = Math.max(last.lagMs, lagMs)
      else watch.samples.push({ at, lagMs })
      while ((watch.samples[0]?.at ?? at) < at - KEPT_MS) watch.samples.shift()
    },
    window(capability) {
      const samples = watches.get(capability)?.samples
      const [first, last] = [samples?.[0], samples?.at(-1)]
      if (samples === undefined || first === undefined || last === undefined) return undefined
      if (now() - last.at > GAP_MS) return undefined
      const sorted = samples.map(({ lagMs }) => lagMs).sort((one, other) => one - other)
      return {
        p99Ms: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? last.lagMs,
        watchedMs: last.at - first.at,
        worstMs: (windowMs) =>
          Math.max(...samples.filter(({ at }) => at >= last.at - windowMs).map(({ lagMs }) => lagMs)),
      }
    },
  }
}
