import type { ReportError, Stoppable } from '../../core/ports.ts'
import {
  openBackend,
  type QueueServer,
  type Receiver,
  type Sender,
  within,
} from '../../sync/transport/queue-backend.ts'

const SEND_TIMEOUT_MS = 5_000
/** A handler that is slower than the lock runs twice, and the inbox makes it once. */
const RECEIVER = { concurrency: 4, lockMs: 10_000 } as const
/** A failed copy must not keep the next one out; what is kept is kept in the outbox. */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const

/** Carries events and receipts. Disposable: it may lose, double and reorder whatever it likes. */
export interface EventQueue extends Stoppable {
  /** While a job of the same id waits, another is not added. @throws when the server does not take them */
  send(name: string, jobs: readonly { readonly id: string; readonly data: object }[]): Promise<void>
  /** A job whose handler fails is gone. */
  receive(name: string, handle: (data: unknown) => Promise<void>): Stoppable
}

export function createEventQueue(server: QueueServer, report: ReportError): EventQueue {
  const backend = openBackend(server)
  const senders = new Map<string, Sender>()
  const receivers = new Set<Receiver>()

  function sender(name: string): Sender {
    const known = senders.get(name)
    if (known !== undefined) return known
    const made = backend.openSender(name)
    made.on('error', (error) => report('events.queue', error))
    senders.set(name, made)
    return made
  }

  return {
    async send(name, jobs) {
      if (jobs.length === 0) return
      const bulk = jobs.map(({ id, data }) => ({ name: 'event', data, opts: { ...JOB_OPTIONS, jobId: id } }))
      await within(SEND_TIMEOUT_MS, sender(name).addBulk(bulk))
    },
    receive(name, handle) {
      const receiver = backend.openReceiver(name, RECEIVER, (job) => handle(job.data))
      receiver.on('error', (error) => report('events.queue', error))
      receiver.on('failed', (_job, error) => report(`events.${name}`, error))
      receivers.add(receiver)
      return {
        async stop() {
          if (receivers.delete(receiver)) await receiver.close()
        },
      }
    },
    async stop() {
      const open = [...receivers, ...senders.values()]
      receivers.clear()
      senders.clear()
      await Promise.allSettled(open.map((end) => end.close()))
    },
  }
}
