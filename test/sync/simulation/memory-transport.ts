import type { ApplierNotice, BatchResult, ChangeBatch } from '../../../strangler/core/sync-words.ts'
import type { Transport } from '../../../strangler/sync/transport.ts'

/** A queue in this process; `flush` is what FLUSHALL is to Redis. */
export type FlushableTransport = Transport & { flush(): Promise<void> }

export function createMemoryTransport(): FlushableTransport {
  const lanes = {
    apply: createLane<ChangeBatch>(),
    backfill: createLane<ChangeBatch>(),
    results: createLane<BatchResult>(),
  }
  let lost = false
  let notice: ApplierNotice | undefined
  return {
    sendBatches: async (lane, batches) => lanes[lane].put(batches),
    receiveBatches: (lane, handle) => lanes[lane].receive(handle),
    sendResults: async (results) => lanes.results.put(results),
    receiveResults: (handle) => lanes.results.receive(handle),
    putNotice: async (next) => {
      notice = next
    },
    readNotice: async () => notice,
    depth: async () => ({
      apply: lanes.apply.size(),
      backfill: lanes.backfill.size(),
      results: lanes.results.size(),
    }),
    async checkGeneration() {
      const found = lost ? 'lost' : 'same'
      lost = false
      return found
    },
    findWarnings: async () => [],
    pause: async () => undefined,
    resume: async () => undefined,
    async flush() {
      for (const lane of Object.values(lanes)) lane.clear()
      lost = true
    },
    stop: async () => undefined,
  }
}

/** Two at a time; what a handler throws is the loss of its message, as in the real one. */
function createLane<T>() {
  const waiting: string[] = []
  let handler: ((message: T) => Promise<void>) | undefined
  const running = new Set<Promise<void>>()

  function work(): void {
    while (handler !== undefined && running.size < 2 && waiting.length > 0) {
      const job = handler(JSON.parse(waiting.shift()!) as T)
        .catch(() => undefined)
        .finally(() => {
          running.delete(job)
          work()
        })
      running.add(job)
    }
  }

  return {
    put(messages: readonly T[]) {
      waiting.push(...messages.map((message) => JSON.stringify(message)))
      work()
    },
    receive(handle: (message: T) => Promise<void>) {
      handler = handle
      work()
      return {
        async stop() {
          if (handler === handle) handler = undefined
          await Promise.all(running)
        },
      }
    },
    size: () => waiting.length + running.size,
    clear: () => {
      waiting.length = 0
    },
  }
}
