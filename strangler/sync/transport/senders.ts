import type { ReportError } from '../../core/ports.ts'
import { type Backend, JOB_OPTIONS, type Sender, within } from './queue-backend.ts'

const SEND_TIMEOUT_MS = 5_000

/** The queues that jobs are put into, each opened when it is first needed. */
export interface Senders {
  send(purpose: string, jobs: readonly object[]): Promise<void>
  /** A job that nobody takes, in the place of the last one: BullMQ has no other place that both its servers offer. */
  putNotice(notice: object): Promise<void>
  readNotice(): Promise<unknown>
  /** Jobs that wait or run. */
  count(purpose: string): Promise<number>
  /** What is sent afterwards opens them again. */
  close(): Promise<PromiseSettledResult<void>[]>
}

export interface QueueEnds {
  readonly backend: Backend
  readonly name: (purpose: string) => string
  readonly report: ReportError
}

export function createSenders({ backend, name, report }: QueueEnds): Senders {
  const open = new Map<string, Sender>()

  function sender(purpose: string): Sender {
    const known = open.get(purpose)
    if (known !== undefined) return known
    const made = backend.openSender(name(purpose))
    made.on('error', (error) => report('sync.queue', error))
    open.set(purpose, made)
    return made
  }

  const inTime = <T>(work: Promise<T>) => within(SEND_TIMEOUT_MS, work)
  return {
    async send(purpose, data) {
      if (data.length === 0) return
      const jobs = data.map((job) => ({ name: purpose, data: job, opts: JOB_OPTIONS }))
      await inTime(sender(purpose).addBulk(jobs))
    },
    async putNotice(notice) {
      const known = await inTime(sender('notice').getJob('notice'))
      if (known !== undefined) return inTime(known.updateData(notice))
      const job = { name: 'notice', data: notice, opts: { ...JOB_OPTIONS, jobId: 'notice' } }
      await inTime(sender('notice').addBulk([job]))
    },
    readNotice: async () => (await inTime(sender('notice').getJob('notice')))?.data,
    async count(purpose) {
      const counts = await inTime(sender(purpose).getJobCounts('waiting', 'active', 'delayed'))
      return Object.values(counts).reduce((sum, number) => sum + number, 0)
    },
    async close() {
      const closing = [...open.values()]
      open.clear()
      return Promise.allSettled(closing.map((queue) => queue.close()))
    },
  }
}
