import type { SyncHeartbeat } from '../core/data-position.ts'
import type { EvidenceContents } from '../core/evidence-store.ts'
import type { Clock } from '../core/ports.ts'
import type { LagWindow } from '../core/traffic-words.ts'

const KEPT_MS = 900_000
/** Four heartbeats missed: what was in between is not watched. */
const GAP_MS = 2_500
/** Whatever waited through a gap shows in the first word after it; of one that is longer than this nothing is known. */
const LONGEST_GAP_MS = 300_000
const EVERY_MS = 200
const KEPT_EVERY_MS = 5_000

/** Remembers for a quarter of an hour how far each copy was behind. */
export interface LagBook {
  hear(heartbeat: SyncHeartbeat): void
  /** Undefined when the last word is old, or says that the copy is not whole. */
  window(capability: string): LagWindow | undefined
  /** What a restart must not lose; undefined when there is nothing. */
  summary(capability: string): EvidenceContents['lag'] | undefined
  /** What was known before a restart; nothing when it is of another epoch, or too old. */
  restore(capability: string, kept: EvidenceContents['lag']): void
}

interface Sample {
  readonly at: number
  lagMs: number
  /** Since the one before. */
  watchedMs: number
}

interface Watch {
  readonly epoch: number
  samples: Sample[]
  /** Whether the last word was of a whole copy. */
  isWhole: boolean
}

/** @param now epoch milliseconds of a clock that only grows */
export function createLagBook(now: Clock): LagBook {
  const watches = new Map<string, Watch>()
  return {
    hear({ capability, epoch, lagMs }) {
      const watch = watches.get(capability)
      if (watch !== undefined && epoch < watch.epoch) return
      if (watch !== undefined && watch.epoch === epoch) return hearOn(watch, now(), lagMs)
      watches.delete(capability)
      if (lagMs === undefined) return
      watches.set(capability, { epoch, samples: [{ at: now(), lagMs, watchedMs: 0 }], isWhole: true })
    },
    window(capability) {
      const watch = watches.get(capability)
      const last = watch?.samples.at(-1)
      if (watch === undefined || last === undefined) return undefined
      return watch.isWhole && now() - last.at <= GAP_MS ? windowOf(watch.samples, last) : undefined
    },
    summary(capability) {
      const watch = watches.get(capability)
      return watch === undefined ? undefined : { epoch: watch.epoch, samples: summarize(watch.samples) }
    },
    restore(capability, { epoch, samples }) {
      const watch = watches.get(capability) ?? { epoch, samples: [], isWhole: false }
      const until = watch.samples[0]?.at ?? now()
      const earlier = samples
        .map(([at, lagMs, watchedMs]) => ({ at, lagMs, watchedMs }))
        .filter(({ at }) => at < until && at >= now() - KEPT_MS)
      const last = earlier.at(-1)
      if (epoch !== watch.epoch || last === undefined || until - last.at > LONGEST_GAP_MS) return
      watch.samples = [...earlier, ...watch.samples]
      watches.set(capability, watch)
    },
  }
}

function hearOn(watch: Watch, at: number, lagMs: number | undefined): void {
  watch.isWhole = lagMs !== undefined
  if (lagMs === undefined) return
  const last = watch.samples.at(-1)
  const sinceMs = last === undefined ? Number.POSITIVE_INFINITY : at - last.at
  if (sinceMs > LONGEST_GAP_MS) watch.samples = []
  if (last !== undefined && sinceMs < EVERY_MS) last.lagMs = Math.max(last.lagMs, lagMs)
  else watch.samples.push({ at, lagMs, watchedMs: sinceMs > GAP_MS ? 0 : sinceMs })
  while ((watch.samples[0]?.at ?? at) < at - KEPT_MS) watch.samples.shift()
}

function windowOf(samples: readonly Sample[], last: Sample): LagWindow {
  const newest = (windowMs: number) =>
    samples
      .filter(({ at }) => at >= last.at - windowMs)
      .map(({ lagMs }) => lagMs)
      .sort((one, other) => one - other)
  return {
    p99Ms(windowMs) {
      const sorted = newest(windowMs)
      return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? last.lagMs
    },
    watchedMs: samples.reduce((sum, { watchedMs }) => sum + watchedMs, 0),
    worstMs: (windowMs) => newest(windowMs).at(-1) ?? last.lagMs,
  }
}

/** The highest of every five seconds: what comes of it is never better than it was. */
function summarize(samples: readonly Sample[]): [number, number, number][] {
  const kept: [number, number, number][] = []
  let from = 0
  for (const { at, lagMs, watchedMs } of samples) {
    const present = kept.at(-1)
    if (present === undefined || at - from >= KEPT_EVERY_MS) {
      from = at
      kept.push([Math.round(at), lagMs, Math.round(watchedMs)])
      continue
    }
    present[0] = Math.round(at)
    present[1] = Math.max(present[1], lagMs)
    present[2] += Math.round(watchedMs)
  }
  return kept
}
