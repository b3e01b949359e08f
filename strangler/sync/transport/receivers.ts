import type { Stoppable } from '../../core/ports.ts'
import { isOfAJobThatIsGone, type Receiver } from './queue-backend.ts'
import type { QueueEnds } from './senders.ts'

/** Jobs that one receiver works on at once. */
const CONCURRENCY = { apply: 2, backfill: 2, ack: 2 } as const

/** Whatever takes jobs in this process. */
export interface Receivers {
  open<T>(purpose: keyof typeof CONCURRENCY, handle: (data: T) => Promise<void>): Stoppable
  pause(): Promise<void>
  resume(): Promise<void>
  close(): Promise<PromiseSettledResult<void>[]>
}

export function createReceivers({ backend, name, report }: QueueEnds): Receivers {
  const open = new Set<Receiver>()
  let paused = false
  return {
    open(purpose, handle) {
      const receiver = backend.openReceiver(name(purpose), { concurrency: CONCURRENCY[purpose] }, (job) =>
        handle(job.data as Parameters<typeof handle>[0]),
      )
      receiver.on('error', (error) => {
        if (!isOfAJobThatIsGone(error)) report('sync.queue', error)
      })
      receiver.on('failed', (_job, error) => report(`sync.${purpose}`, error))
      open.add(receiver)
      if (paused) void receiver.pause(true)
      return {
        async stop() {
          if (open.delete(receiver)) await receiver.close()
        },
      }
    },
    async pause() {
      paused = true
      await Promise.all([...open].map((receiver) => receiver.pause(true)))
    },
    async resume() {
      paused = false
      for (const receiver of open) receiver.resume()
    },
    async close() {
      const closing = [...open]
      open.clear()
      return Promise.allSettled(closing.map((receiver) => receiver.close()))
    },
  }
}
