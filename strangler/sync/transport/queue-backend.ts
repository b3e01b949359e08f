import { createPostgresBackend, ErrorCode, Queue, Worker, withBackend } from 'bullmq'
import { redisOptionsOf } from '../redis-connection.ts'
import { HeededClient, heedEnds } from './heeded-postgres.ts'

/** Where the jobs go: Redis, or BullMQ's own backend in a PostgreSQL that is never the monolith's. */
export type QueueServer =
  | { readonly kind: 'redis'; readonly url: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema?: string }

/** A job holds rows, so none is kept: what failed is reported, and the log sends its changes again. */
export const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const
const WORKER_OPTIONS = {
  lockDuration: 60_000,
  // An applier that died is no reason to give a job up.
  maxStalledCount: 1_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
} as const
function workerOptions({ concurrency, lockMs }: ReceiverOptions) {
  const lock = lockMs === undefined ? {} : { lockDuration: lockMs, stalledInterval: lockMs / 2 }
  return { ...WORKER_OPTIONS, concurrency, ...lock }
}

/** Nobody reads the events. */
const EVENTS_KEPT = 100

interface JobOptions {
  readonly removeOnComplete: boolean
  readonly removeOnFail: boolean | { readonly count: number }
  readonly jobId?: string
}

/** What is used of BullMQ's classes, whatever their backend. */
export interface Sender {
  addBulk(jobs: { name: string; data: object; opts: JobOptions }[]): Promise<unknown>
  getJob(id: string): Promise<{ data: unknown; updateData(data: object): Promise<void> } | undefined>
  getJobCounts(...types: ('waiting' | 'active' | 'delayed')[]): Promise<Record<string, number>>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

export interface Receiver {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'failed', listener: (job: unknown, error: Error) => void): unknown
  pause(doNotWaitActive?: boolean): Promise<void>
  resume(): void
  close(): Promise<void>
}

export interface ReceiverOptions {
  /** Jobs that are worked on at once. */
  readonly concurrency: number
  /** After so long a job of a receiver that died is given to another one; looked for at half of it. Default 60,000. */
  readonly lockMs?: number
}

export interface Backend {
  openSender(name: string): Sender
  openReceiver(
    name: string,
    options: ReceiverOptions,
    work: (job: { data: unknown }) => Promise<void>,
  ): Receiver
}

function redisBackend(url: string): Backend {
  const address = redisOptionsOf(url)
  return {
    openSender: (name) =>
      new Queue(name, {
        // A send that cannot be made now fails now: the relay has the change and comes again.
        connection: { ...address, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
        streams: { events: { maxLen: EVENTS_KEPT } },
      }),
    openReceiver: (name, options, work) =>
      new Worker(name, work, {
        connection: { ...address, maxRetriesPerRequest: null },
        ...workerOptions(options),
      }),
  }
}

/** Its jobs are jsonb, which cannot hold the NUL that a text of MariaDB may have: one such row would keep all others back. So they travel as texts. */
function postgresBackend(server: { url: string; schema?: string }): Backend {
  const bound = withBackend(heedEnds(createPostgresBackend))
  const connection = {
    connectionString: server.url,
    schema: server.schema ?? 'strangler_queue',
    migrate: true,
    max: 2,
    Client: HeededClient,
  }
  return {
    openSender(name) {
      const queue = new bound.Queue(name, { connection })
      return {
        addBulk: (jobs) => queue.addBulk(jobs.map((job) => ({ ...job, data: wrap(job.data) }))),
        async getJob(id) {
          const job = await queue.getJob(id)
          return job && { data: unwrap(job), updateData: (data) => job.updateData(wrap(data)) }
        },
        getJobCounts: (...types) => queue.getJobCounts(...types),
        on: (event, listener) => queue.on(event, listener),
        close: () => queue.close(),
      }
    },
    openReceiver: (name, options, work) =>
      new bound.Worker(name, (job: { data: { text: string } }) => work({ data: unwrap(job) }), {
        connection,
        ...workerOptions(options),
      }),
  }
}

const wrap = (data: object) => ({ text: JSON.stringify(data) })
const unwrap = ({ data }: { data: { text: string } }): unknown => JSON.parse(data.text)

/** The queue's server, of whichever kind. */
export function openBackend(server: QueueServer): Backend {
  return server.kind === 'redis' ? redisBackend(server.url) : postgresBackend(server)
}

const OF_A_JOB_THAT_IS_GONE: readonly unknown[] = [
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
]

/**
 * The queue does not know the job that a receiver has done, or another one by its number: it was flushed meanwhile, and numbers begin anew. Nothing is lost by
 * that, since the log sends again what was not acknowledged.
 */
export function isOfAJobThatIsGone(error: Error): boolean {
  return 'code' in error && OF_A_JOB_THAT_IS_GONE.includes(error.code)
}

export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The queue server did not answer for ${timeoutMs} ms.`)),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
