import type { Hold, HoldPhase } from '../../strangler/core/words.ts'
import { createWriteHolds, type HoldAnswer, type Waiter } from '../../strangler/proxy/write-hold.ts'

/** Where the fake clock of the hold tests begins. */
export const START = 1_000_000
export const HOLD_MS = 5_000
export const MAX_WAIT_MS = 5_000

/** A hold of `inventory`. */
export function holdOf(id: string, phase: HoldPhase = 'holding', expiresAt = Date.now() + HOLD_MS): Hold {
  return { id, capability: 'inventory', phase, expiresAt }
}

/** Holds on the present clock, and what they have told. */
export function startHolds(maxWaiting = 1_000) {
  const told: string[][] = []
  const holds = createWriteHolds({ clock: Date.now, maxWaiting, onAcknowledged: (ids) => told.push(ids) })
  const apply = (hold?: Hold) => holds.apply(new Map(hold === undefined ? [] : [[hold.capability, hold]]))
  return { holds, told, apply }
}

/** A client whose write waits, and that may leave. */
export function client() {
  const listeners = new Set<() => void>()
  const waiter: Waiter = {
    onGone(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    waiter,
    listeners,
    leave() {
      for (const listener of [...listeners]) listener()
    },
  }
}

/** A write that waits; `answer` is undefined as long as it does. */
export function wait(
  { holds }: ReturnType<typeof startHolds>,
  waiter = client().waiter,
  maxWaitMs = MAX_WAIT_MS,
) {
  const waiting: { answer: HoldAnswer | undefined } = { answer: undefined }
  void holds.wait('inventory', waiter, maxWaitMs).then((answer) => {
    waiting.answer = answer
  })
  return waiting
}
