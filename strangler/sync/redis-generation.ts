import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { ReportError, Stoppable } from '../core/ports.ts'

const CONNECT_TIMEOUT_MS = 5_000
const COMMAND_TIMEOUT_MS = 5_000

/** A key that is there as long as Redis keeps its data. */
export interface RedisGeneration extends Stoppable {
  /** `lost` when the key is not the one of the last call: Redis has lost what was in it. @throws when Redis does not answer */
  check(): Promise<'same' | 'lost'>
  /** The eviction policy, as far as Redis says it. */
  readPolicy(): Promise<string | undefined>
}

export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: object
  readonly connectTimeout: number
  readonly retryStrategy: (attempt: number) => number
}

/** What ioredis needs for an address: redis://user:password@host:port/database, or rediss:// for TLS. */
export function redisOptionsOf(url: string): RedisAddress {
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 ? { db: Number(pathname.slice(1)) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 1_000),
  }
}

export function createRedisGeneration(url: string, key: string, report: ReportError): RedisGeneration {
  const redis = new Redis({
    ...redisOptionsOf(url),
    enableOfflineQueue: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
  })
  redis.on('error', (error) => report('sync.redis', error))
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
