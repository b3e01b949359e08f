import type { Clock } from '../core/ports.ts'
import type { Transport } from './transport.ts'

/** Jobs that wait in the queue. What nobody takes is sent again all the same, so without an end the queue would grow for as long. */
const MOST_JOBS = 400
/** As many as an applier that was killed may have left at work; more than these are worked on. */
const FEW_JOBS = 4
const LOOK_EVERY_MS = 1_000

/** How full the queue of changes is, as of the last look. */
export interface QueueGauge {
  readonly jobs: number
  readonly isFull: boolean
  /** What was sent may still stand in it. */
  readonly isBusy: boolean
  /** Asks the queue, once a second at most. @throws when it does not answer */
  look(): Promise<void>
  /** The queue has lost everything. */
  forget(): void
}

export function createQueueGauge(transport: Transport, now: Clock): QueueGauge {
  let jobs = 0
  let lookedAt = Number.NEGATIVE_INFINITY
  return {
    get jobs() {
      return jobs
    },
    get isFull() {
      return jobs >= MOST_JOBS
    },
    get isBusy() {
      return jobs > FEW_JOBS
    },
    async look() {
      if (now() - lookedAt < LOOK_EVERY_MS) return
      lookedAt = now()
      jobs = (await transport.depth()).apply
    },
    forget() {
      jobs = 0
    },
  }
}
