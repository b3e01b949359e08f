/** What one stretch of time has shown. */
export interface SeenStretch {
  /** Exchanges a second that were admitted. */
  readonly admitted: number
  /** Whether some were turned away: whoever got all it wanted has no need of more. */
  readonly wasShort: boolean
  /** Of the time for which the serving thread wanted a processor, the share in which it had to wait for one. */
  readonly waited: number
}

/** Exchanges a second when nothing is known yet. A machine with processors to spare is at thousands two seconds later. */
export const FIRST_RATE = 200
/** Coverage goes on growing, however short processors are: this takes about a fiftieth of one. */
export const LEAST_RATE = 50
/**
 * Measured on two processors at 3,900 and at 1,500 requests a second: 0.02 to 0.06 without any comparing, above 0.2 with every exchange
 * compared at the higher rate, where clients then wait half as long again.
 */
export const MOST_WAITED = 0.1

const MORE = 1.15
const LEAST_LEFT = 0.5

/**
 * How many exchanges a second may be compared from now on. As TCP does with a congested way: less at once when the clients' own thread
 * waits for processors, more by and by when it does not, and never more by not having asked for it (RFC 7661).
 */
export function adaptRate(rate: number, { admitted, wasShort, waited }: SeenStretch): number {
  if (waited > MOST_WAITED)
    return Math.max(LEAST_RATE, Math.min(rate, admitted) * Math.max(LEAST_LEFT, MOST_WAITED / waited))
  return wasShort ? rate * MORE : rate
}
