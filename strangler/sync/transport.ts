import { createPostgresBackend, Queue, Worker, withBackend } from 'bullmq'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, ChangeBatch, Direction } from '../core/sync-words.ts'
import { redisOptionsOf } from './redis-connection.ts'
import { createRedisGeneration, type RedisGeneration } from './redis-generation.ts'

/** Where the jobs go: Redis, or BullMQ's own backend in a PostgreSQL that is never the monolith's. */
export type QueueServer =
  | { readonly kind: 'redis'; readonly url: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema?: string }

/** A queue of its own for the backfill, so that it cannot starve live changes. */
export type Lane = 'apply' | 'backfill'

/** Carries jobs and results of one capability in one direction. Disposable: it may lose, double and reorder whatever it likes. */
export interface Transport extends Stoppable {
  /** @throws when the server does not take them: then nothing is known of any of them */
  sendBatches(lane: Lane, batches: readonly ChangeBatch[]): Promise<void>
  /** Calls `handle` with every job. A job whose handler fails is gone: the relay sends it again. */
  receiveBatches(lane: Lane, handle: (batch: ChangeBatch) => Promise<void>): Stoppable
  sendResults(results: readonly BatchResult[]): Promise<void>
  receiveResults(handle: (result: BatchResult) => Promise<void>): Stoppable
  /** Jobs that wait or run. */
  depth(): Promise<{ apply: number; backfill: number; results: number }>
  /** `lost` when the server has forgotten everything since the last call; its settings are as they should be again then. */
  checkGeneration(): Promise<'same' | 'lost'>
  /** What an operator should know of the server, in sentences. */
  findWarnings(): Promise<string[]>
  /** Stops and starts receiving in this process. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export interface TransportOptions {
  readonly capability: string
  readonly direction: Direction
  readonly server: QueueServer
  readonly report: ReportError
}

const SEND_TIMEOUT_MS = 5_000
/** Jobs that one receiver works on at once. */
const CONCURRENCY = { apply: 2, backfill: 2, ack: 2 } as const
/** Nothing is kept but the last failures, for a look. */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: { count: 50 } } as const
const WORKER_OPTIONS = {
  lockDuration: 60_000,
  // An applier that died is no reason to give a job up.
  maxStalledCount: 1_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 50 },
} as const
/** Nobody reads the events. */
const EVENTS_KEPT = 100

export function createTransport({ capability, direction, server, report }: TransportOptions): Transport {
  const name = (purpose: string) => `strangler-${capability}-${direction}-${purpose}`
  const backend = server.kind === 'redis' ? redisBackend(server.url) : postgresBackend(server)
  const generation =
    server.kind === 'redis' ? createRedisGeneration(server.url, name('generation'), report) : undefined
  const senders = new Map<string, Sender>()
  const receivers = new Set<Receiver>()
  let paused = false
  let stopped: Promise<void> | undefined

  function sender(purpose: string): Sender {
    const known = senders.get(purpose) ?? backend.openSender(name(purpose))
    if (!senders.has(purpose)) known.on('error', (error) => report('sync.queue', error))
    senders.set(purpose, known)
    return known
  }

  async function send(purpose: string, data: readonly object[]): Promise<void> {
    if (stopped !== undefined || data.length === 0) return
    const jobs = data.map((job) => ({ name: purpose, data: job, opts: JOB_OPTIONS }))
    await within(SEND_TIMEOUT_MS, sender(purpose).addBulk(jobs))
  }

  function receive<T>(purpose: keyof typeof CONCURRENCY, handle: (data: T) => Promise<void>): Stoppable {
    const receiver = backend.openReceiver(name(purpose), CONCURRENCY[purpose], (job) => handle(job.data as T))
    receiver.on('error', (error) => report('sync.queue', error))
    receiver.on('failed', (_job, error) => report(`sync.${purpose}`, error))
    receivers.add(receiver)
    if (paused) void receiver.pause(true)
    return {
      async stop() {
        if (receivers.delete(receiver)) await receiver.close()
      },
    }
  }

  async function count(purpose: string): Promise<number> {
    const counts = await within(SEND_TIMEOUT_MS, sender(purpose).getJobCounts('waiting', 'active', 'delayed'))
    return Object.values(counts).reduce((sum, number) => sum + number, 0)
  }

  /** The queues' settings stand in Redis too: opened again, they are written again. */
  async function reopenSenders(): Promise<void> {
    const open = [...senders.values()]
    senders.clear()
    await Promise.allSettled(open.map((queue) => queue.close()))
  }

  async function stop(): Promise<void> {
    const open = [...receivers, ...senders.values()]
    receivers.clear()
    const ended = await Promise.allSettled(open.map((end) => end.close()))
    await generation?.stop()
    for (const end of ended) if (end.status === 'rejected') report('sync.queue', end.reason)
  }

  return {
    sendBatches: (lane, batches) => send(lane, batches),
    receiveBatches: (lane, handle) => receive(lane, handle),
    sendResults: (results) => send('ack', results),
    receiveResults: (handle) => receive('ack', handle),
    async depth() {
      const [apply, backfill, results] = await Promise.all(['apply', 'backfill', 'ack'].map(count))
      return { apply: apply ?? 0, backfill: backfill ?? 0, results: results ?? 0 }
    },
    async checkGeneration() {
      const found = (await generation?.check()) ?? 'same'
      if (found === 'lost') await reopenSenders()
      return found
    },
    findWarnings: () => findWarnings(generation),
    async pause() {
      paused = true
      await Promise.all([...receivers].map((receiver) => receiver.pause(true)))
    },
    async resume() {
      paused = false
      for (const receiver of receivers) receiver.resume()
    },
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

/** What is used of BullMQ's classes, whatever their backend. */
interface Sender {
  addBulk(jobs: { name: string; data: object; opts: typeof JOB_OPTIONS }[]): Promise<unknown>
  getJobCounts(...types: ('waiting' | 'active' | 'delayed')[]): Promise<Record<string, number>>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

interface Receiver {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'failed', listener: (job: unknown, error: Error) => void): unknown
  pause(doNotWaitActive?: boolean): Promise<void>
  resume(): void
  close(): Promise<void>
}

interface Backend {
  openSender(name: string): Sender
  openReceiver(name: string, concurrency: number, work: (job: { data: unknown }) => Promise<void>): Receiver
}

function redisBackend(url: string): Backend {
  const options = redisOptionsOf(url)
  return {
    openSender: (name) =>
      new Queue(name, {
        // A send that cannot be made now fails now: the relay has the change and comes again.
        connection: { ...options, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
        streams: { events: { maxLen: EVENTS_KEPT } },
      }),
    openReceiver: (name, concurrency, work) =>
      new Worker(name, work, {
        connection: { ...options, maxRetriesPerRequest: null },
        concurrency,
        ...WORKER_OPTIONS,
      }),
  }
}

/** Its jobs are jsonb, which cannot hold the NUL that a text of MariaDB may have: one such row would keep all others back. So they travel as texts. */
function postgresBackend(server: { url: string; schema?: string }): Backend {
  const bound = withBackend(createPostgresBackend)
  const connection = {
    connectionString: server.url,
    schema: server.schema ?? 'strangler_queue',
    migrate: true,
    max: 2,
  }
  return {
    openSender(name) {
      const queue = new bound.Queue(name, { connection })
      return {
        addBulk: (jobs) =>
          queue.addBulk(jobs.map((job) => ({ ...job, data: { text: JSON.stringify(job.data) } }))),
        getJobCounts: (...types) => queue.getJobCounts(...types),
        on: (event, listener) => queue.on(event, listener),
        close: () => queue.close(),
      }
    },
    openReceiver: (name, concurrency, work) =>
      new bound.Worker(
        name,
        (job: { data: { text: string } }) => work({ data: JSON.parse(job.data.text) as unknown }),
        { connection, concurrency, ...WORKER_OPTIONS },
      ),
  }
}

async function findWarnings(generation: RedisGeneration | undefined): Promise<string[]> {
  const policy = await generation?.readPolicy()
  if (policy === undefined || policy === 'noeviction') return []
  return [
    `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): jobs get lost and are sent again, which costs time. Set it to noeviction.`,
  ]
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
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
