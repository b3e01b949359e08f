import pg from 'pg'
import { describe } from 'vitest'
import type { QueueServer } from '../../strangler/sync/transport.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startTestRedis } from '../support/redis.ts'
import { flushRedis } from '../sync/simulation/flush-redis.ts'

/** A queue server of a test's own, which can lose everything that BullMQ keeps in it. */
export interface LosableQueue {
  readonly server: QueueServer
  lose(): Promise<void>
  stop(): Promise<void>
}

async function openInPostgres(): Promise<LosableQueue> {
  const { url, drop } = await createTestDatabase('losable_queue')
  return {
    server: { kind: 'postgres', url },
    async lose() {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('TRUNCATE strangler_queue.job CASCADE').finally(() => client.end())
    },
    stop: drop,
  }
}

async function openInRedis(): Promise<LosableQueue> {
  const { url, stop } = await startTestRedis()
  return { server: { kind: 'redis', url }, lose: () => flushRedis(url), stop }
}

export type QueueKind = QueueServer['kind']
export const LOSABLE_QUEUES: Readonly<Record<QueueKind, () => Promise<LosableQueue>>> = {
  postgres: openInPostgres,
  redis: openInRedis,
}

const redis = await requireProgram('redis')

/** What must hold whichever server BullMQ works on. */
export function describeOnQueues(name: string, body: (kind: QueueKind) => void): void {
  describe(`${name}, through BullMQ in PostgreSQL`, () => body('postgres'))
  const title = `${name}, through BullMQ in Redis${sayMissing('redis')}`
  describe.skipIf(redis === undefined)(title, () => body('redis'))
}
