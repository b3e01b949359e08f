import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { live } from './live.ts'

/** What this page has seen of a sync while it was open. */
export interface LagPoint {
  readonly at: number
  readonly lagMs: number
  readonly rows: number
  /** Of the backfill. */
  readonly rowsPerSecond: number | null
  /** Changes that were applied; null where the sync runs elsewhere. */
  readonly appliedPerSecond: number | null
}

const MOST = 450
const EVERY_MS = 2_000
const seen = signal<Readonly<Record<string, readonly LagPoint[]>>>({})
export const lags: ReadonlySignal<Readonly<Record<string, readonly LagPoint[]>>> = seen

/** A lag that stays what it is is not told anew, so it is looked at by the clock. */
export function watchLags(): () => void {
  const timer = setInterval(look, EVERY_MS)
  const stop = effect(() => {
    if (live.syncs.value.data === undefined) seen.value = {}
  })
  return () => {
    clearInterval(timer)
    stop()
  }
}

function look(): void {
  const at = Date.now()
  const next = { ...seen.peek() }
  for (const { capability, live: now } of live.syncs.peek().data?.syncs ?? []) {
    if (now === undefined) continue
    const before = next[capability] ?? []
    const rows = now.backfill?.rows ?? 0
    const last = before.at(-1)
    const rate = last === undefined || rows < last.rows ? null : (rows - last.rows) / ((at - last.at) / 1_000)
    const { lagMs, appliedPerSecond = null } = now
    const point = { at, lagMs, rows, rowsPerSecond: rate, appliedPerSecond }
    next[capability] = [...before, point].slice(-MOST)
  }
  seen.value = next
}
