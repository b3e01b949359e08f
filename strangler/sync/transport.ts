import type { ReportError, Stoppable } from '../core/ports.ts'
import type { ApplierNotice, BatchResult, ChangeBatch, Direction } from '../core/sync-words.ts'
import { createRedisGeneration, type RedisGeneration } from './redis-generation.ts'
import { openBackend, type QueueServer } from './transport/queue-backend.ts'
import { createReceivers } from './transport/receivers.ts'
import { createSenders } from './transport/senders.ts'

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
  /** Its id is in the names of the queues: several may have one server. */
  readonly installation: string
  readonly direction: Direction
  readonly server: QueueServer
  readonly report: ReportError
}

export function createTransport({
  capability,
  installation,
  direction,
  server,
  report,
}: TransportOptions): Transport {
  const name = (purpose: string) => `strangler-${installation}-${capability}-${direction}-${purpose}`
  const backend = openBackend(server)
  const generation =
    server.kind === 'redis' ? createRedisGeneration(server.url, name('generation'), report) : undefined
  const senders = createSenders({ backend, name, report })
  const receivers = createReceivers({ backend, name, report })
  let stopped: Promise<void> | undefined

  async function stop(): Promise<void> {
    const ended = (await Promise.all([receivers.close(), senders.close()])).flat()
    await generation?.stop()
    for (const end of ended) if (end.status === 'rejected') report('sync.queue', end.reason)
  }

  const send = async (purpose: string, jobs: readonly object[]) => {
    if (stopped === undefined) await senders.send(purpose, jobs)
  }
  return {
    sendBatches: (lane, batches) => send(lane, batches),
    receiveBatches: (lane, handle) => receivers.open(lane, handle),
    sendResults: (results) => send('ack', results),
    receiveResults: (handle) => receivers.open('ack', handle),
    async putNotice(notice) {
      if (stopped === undefined) await senders.putNotice(notice)
    },
    readNotice: async () => (await senders.readNotice()) as ApplierNotice | undefined,
    async depth() {
      const [apply = 0, backfill = 0, results = 0] = await Promise.all(
        ['apply', 'backfill', 'ack'].map(senders.count),
      )
      return { apply, backfill, results }
    },
    async checkGeneration() {
      const found = (await generation?.check()) ?? 'same'
      // The queues' settings stand in Redis too: opened again, they are written again.
      if (found === 'lost') await senders.close()
      return found
    },
    findWarnings: () => findWarnings(generation),
    pause: receivers.pause,
    resume: receivers.resume,
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
