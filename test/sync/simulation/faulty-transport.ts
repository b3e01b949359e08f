import type { Transport } from '../../../strangler/sync/transport.ts'
import type { Random } from './random.ts'

export interface Faults {
  /** Shares of the messages. */
  readonly lost: number
  readonly doubled: number
  readonly longestDelayMs: number
}

/** Loses, doubles and delays what goes through `inner`, in both directions. */
export function makeFaulty(inner: Transport, faults: Faults, random: Random): Transport {
  const timers = new Set<NodeJS.Timeout>()

  function sendBadly<T>(messages: readonly T[], send: (messages: readonly T[]) => Promise<void>): void {
    for (const message of messages) {
      if (random.chance(faults.lost)) continue
      const copies = random.chance(faults.doubled) ? 2 : 1
      for (let copy = 0; copy < copies; copy += 1) later(() => send([message]))
    }
  }

  function later(send: () => Promise<void>): void {
    // Most are quick, some are very late.
    const delayMs = faults.longestDelayMs * random.next() ** 3
    const timer = setTimeout(() => {
      timers.delete(timer)
      // A send that fails is one more lost message.
      void send().catch(() => undefined)
    }, delayMs)
    timers.add(timer)
  }

  return {
    ...inner,
    sendBatches: async (lane, batches) => sendBadly(batches, (part) => inner.sendBatches(lane, part)),
    sendResults: async (results) => sendBadly(results, inner.sendResults),
    async stop() {
      for (const timer of timers) clearTimeout(timer)
      await inner.stop()
    },
  }
}
