import { performance } from 'node:perf_hooks'
import type { ErrorCode } from '../core/errors.ts'
import type { Arrival } from './exchange.ts'
import { PARENT_WRITE_HEADER } from './parent-write.ts'
import type { ProxyContext } from './proxy-context.ts'
import type { Waiter } from './write-hold.ts'

/** How a write came out of the hold. A `go` must be followed by `holds.begin`, in the same turn. */
export type HoldPassage =
  | { readonly kind: 'go'; readonly heldMs: number }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly heldMs: number }
  | { readonly kind: 'gone'; readonly heldMs: number }

const REFUSALS = { full: 'STRANGLER_HOLD_FULL', timeout: 'STRANGLER_HOLD_TIMEOUT' } as const

/** Lets a write wait while its capability is held. A hold may follow the one that has just ended; the time to wait is one sum. */
export async function passHold(
  context: ProxyContext,
  arrival: Arrival,
  { capability, client }: { capability: string; client: Waiter },
): Promise<HoldPassage> {
  const arrivedAt = performance.now()
  let heldMs = 0
  while (mustWait(context, arrival, capability)) {
    const answer = await context.holds.wait(capability, client, context.config.hold.maxWaitMs - heldMs)
    heldMs = performance.now() - arrivedAt
    if (answer === 'gone') return { kind: 'gone', heldMs }
    if (answer !== 'go') return { kind: 'refused', code: REFUSALS[answer], heldMs }
  }
  return { kind: 'go', heldMs }
}

/** Before the fence a call made by a write in flight passes: the hold waits for that write, and the write for this call. */
function mustWait(context: ProxyContext, { req }: Arrival, capability: string): boolean {
  const phase = context.holds.phaseOf(capability)
  if (phase === undefined) return false
  const mark = req.headers[PARENT_WRITE_HEADER]
  return phase === 'fenced' || typeof mark !== 'string' || !context.parentWrites.isValid(mark, capability)
}
