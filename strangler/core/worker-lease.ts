import type { Registration } from './words.ts'

/** Clocks of two machines differ by less. */
const CLOCK_MARGIN_MS = 5_000

/** For how long a worker that nobody hears of may still be working; 0 or less when it has stopped by itself, or is no worker. */
export function leaseLeftMs({ leaseMs, seenAt }: Registration, now: number): number {
  return leaseMs === undefined ? 0 : Date.parse(seenAt) + leaseMs + CLOCK_MARGIN_MS - now
}
