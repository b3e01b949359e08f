import { randomUUID } from 'node:crypto'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { connectRedis } from './redis-connection.ts'

const COMMAND_TIMEOUT_MS = 5_000

/** A key that is there as long as Redis keeps its data. */
export interface RedisGeneration extends Stoppable {
  /** `lost` when the key is not the one of the last call: Redis has lost what was in it. @throws when Redis does not answer */
  check(): Promise<'same' | 'lost'>
  /** The eviction policy, as far as Redis says it. */
  readPolicy(): Promise<string | undefined>
}

export function createRedisGeneration(url: string, key: string, report: ReportError): RedisGeneration {
  const redis = connectRedis(
    url,
    { enableOfflineQueue: true, commandTimeout: COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 1 },
    (error) => report('sync.redis', error),
  )
  let known: string | undefined
  return {
    async check() {
      await redis.set(key, randomUUID(), 'NX')
      const found = (await redis.get(key)) ?? undefined
      const lost = known !== undefined && found !== known
      known = found
      return lost ? 'lost' : 'same'
    },
    async readPolicy() {
      return /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1]
    },
    async stop() {
      redis.disconnect()
    },
  }
}
