import type { ReportError, Stoppable } from '../core/ports.ts'
import type { ApplierNotice, BatchResult, ChangeBatch, Direction } from '../core/sync-words.ts'
import { createRedisGeneration, type RedisGeneration } from './redis-generation.ts'
import {
  JOB_OPTIONS,
  openBackend,
  type QueueServer,
  type Receiver,
  type Sender,
  within,
} from './transport/queue-backend.ts'

export type { QueueServer } from './transport/queue-backend.ts'

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
  /** Puts one up in the place of the last one, where anybody may read it any number of times. */
  putNotice(notice: ApplierNotice): Promise<void>
  /** Undefined while there is none, or the server has lost it. */
  readNotice(): Promise<ApplierNotice | undefined>
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

export function createTransport({ capability, direction, server, report }: TransportOptions): Transport {
  const name = (purpose: string) => `strangler-${capability}-${direction}-${purpose}`
  const backend = openBackend(server)
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
    const receiver = backend.openReceiver(name(purpose), { concurrency: CONCURRENCY[purpose] }, (job) =>
      handle(job.data as T),
    )
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
    // A job that nobody takes: BullMQ has no other place that both its servers offer.
    async putNotice(notice) {
      if (stopped !== undefined) return
      const known = await within(SEND_TIMEOUT_MS, sender('notice').getJob('notice'))
      if (known !== undefined) return within(SEND_TIMEOUT_MS, known.updateData(notice))
      const job = { name: 'notice', data: notice, opts: { ...JOB_OPTIONS, jobId: 'notice' } }
      await within(SEND_TIMEOUT_MS, sender('notice').addBulk([job]))
    },
    async readNotice() {
      const job = await within(SEND_TIMEOUT_MS, sender('notice').getJob('notice'))
      return job?.data as ApplierNotice | undefined
    },
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

async function findWarnings(generation: RedisGeneration | undefined): Promise<string[]> {
  const policy = await generation?.readPolicy()
  if (policy === undefined || policy === 'noeviction') return []
  return [
    `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): jobs get lost and are sent again, which costs time. Set it to noeviction.`,
  ]
}
