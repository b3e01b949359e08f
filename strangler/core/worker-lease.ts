import type { Registration } from './words.ts'

/** A clock may be set, or be another machine's after a failover. */
const CLOCK_MARGIN_MS = 5_000

/**
 * For how long a worker that nobody hears of may still be working; 0 or less when it has stopped by itself, or is no worker.
 * @param now by the clock that dates registrations, the control database's
 */
export function leaseLeftMs({ leaseMs, seenAt }: Registration, now: number): number {
  return leaseMs === undefined ? 0 : Date.parse(seenAt) + leaseMs + CLOCK_MARGIN_MS - now
}
