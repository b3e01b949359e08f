import { Redis, type RedisOptions } from 'ioredis'

const CONNECT_TIMEOUT_MS = 5_000

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

/** Connects in the background, and again whenever the connection is lost. */
export function connectRedis(
  url: string,
  options: Pick<RedisOptions, 'enableOfflineQueue' | 'commandTimeout' | 'maxRetriesPerRequest'>,
  onError: (error: Error) => void,
): Redis {
  const redis = new Redis({ ...redisOptionsOf(url), ...options })
  redis.on('error', onError)
  return redis
}
