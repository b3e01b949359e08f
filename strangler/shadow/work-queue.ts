/** Work for one target: so much at once, a little waiting, nothing for long. */
export interface WorkQueue {
  /** Whether another piece would be taken. */
  readonly hasRoom: boolean
  /** Runs it now or soon. False when the queue is full: it is never run then. */
  offer(work: Work): boolean
  readonly running: number
  readonly waiting: number
  /** Drops what waits; what runs is told by its own means. Resolves when nothing runs any more. */
  stop(): Promise<void>
}

export interface Work {
  run(): Promise<void>
  /** It has waited too long, or the queue was stopped. */
  drop(): void
}

export interface WorkQueueOptions {
  readonly concurrency: number
  readonly maxWaiting: number
  /** Old exchanges say little of the present, and a queue that grows old never gets young again. */
  readonly maxWaitMs: number
  readonly clock: () => number
}

export function createWorkQueue({ concurrency, maxWaiting, maxWaitMs, clock }: WorkQueueOptions): WorkQueue {
  const waiting: { work: Work; since: number }[] = []
  const idle: (() => void)[] = []
  let running = 0
  let stopped = false

  function start(work: Work): void {
    running += 1
    work.run().finally(() => {
      running -= 1
      next()
      if (running === 0) for (const wake of idle.splice(0)) wake()
    })
  }
  function next(): void {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      if (clock() - entry.since <= maxWaitMs) return start(entry.work)
      entry.work.drop()
    }
  }
  return {
    get hasRoom() {
      return !stopped && waiting.length < maxWaiting
    },
    get running() {
      return running
    },
    get waiting() {
      return waiting.length
    },
    offer(work) {
      if (stopped) return false
      if (running < concurrency) {
        start(work)
        return true
      }
      if (waiting.length >= maxWaiting) return false
      waiting.push({ work, since: clock() })
      return true
    },
    stop() {
      stopped = true
      for (const { work } of waiting.splice(0)) work.drop()
      return running === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))
    },
  }
}
