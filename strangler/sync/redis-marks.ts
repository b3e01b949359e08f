import type { MarkStore } from '../core/data-position.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { connectRedis } from './redis-connection.ts'

const PREFIX = 'strangler:mark:'
/** When this Redis began to keep marks: what it had before is lost. */
const BORN = 'strangler:marks:born'
const CLOSED = '-'

/** Marks of one client: a sorted set of its open writes (infinite) and, as one member, the latest of those that are over. */
const OPEN = `
redis.call('ZADD', KEYS[1], '+inf', ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

const CLOSE = `
redis.call('ZREM', KEYS[1], ARGV[1])
local before = redis.call('ZSCORE', KEYS[1], '${CLOSED}')
if not before or tonumber(before) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], '${CLOSED}') end
if redis.call('ZCARD', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1`

/** The latest mark, and for how long this Redis has kept marks, milliseconds. */
const LATEST = `
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local born = redis.call('GET', KEYS[2])
if not born then
  redis.call('SET', KEYS[2], ms)
  born = ms
end
return { redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or false, tostring(ms - tonumber(born)) }`

/**
 * Marks in a Redis that all proxies share.
 * @param longestKeepMs for how long any mark is kept: a Redis that is younger may have lost one, and holds everybody
 */
export function createRedisMarks(
  url: string,
  { longestKeepMs, report }: { longestKeepMs: number; report: ReportError },
): MarkStore & Stoppable {
  let said: string | undefined
  // A mark that cannot be stored now is not stored: a command that waits for a connection would come too late.
  const redis = connectRedis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 }, (error) => {
    if (said !== error.message) report('marks.redis', error)
    said = error.message
  })
  // A restart may bring an old copy of the data back, and always ends the connection.
  let startedAt: number | undefined
  redis.on('close', () => {
    startedAt = undefined
  })
  const readLatest = (client: string) => redis.eval(LATEST, 2, PREFIX + client, BORN)
  const tell = (error: unknown) => report('marks.redis', error)
  redis.on('ready', () => {
    // From now on it counts as one that keeps marks.
    readLatest(CLOSED).catch(tell)
    redis.info('server').then((info) => {
      const [, seconds] = /uptime_in_seconds:(\d+)/.exec(info) ?? []
      startedAt = performance.now() - Number(seconds) * 1_000
    }, tell)
  })
  const keyOf = (client: string) => PREFIX + client
  return {
    async open({ client, id, keepMs, longestMs }) {
      await redis.eval(OPEN, 1, keyOf(client), id, keepMs + longestMs)
    },
    async close({ client, id, keepMs }, through) {
      await redis.eval(CLOSE, 1, keyOf(client), id, showScore(through), keepMs)
    },
    async latest(client) {
      const [mark, ageMs] = (await readLatest(client)) as [string | null, string]
      const upMs = startedAt === undefined ? 0 : performance.now() - startedAt
      // Not `<`: where the age is not a number, nothing is known.
      if (!(Math.min(Number(ageMs), upMs) >= longestKeepMs)) return Number.POSITIVE_INFINITY
      return mark === null ? undefined : readScore(mark)
    },
    async stop() {
      redis.disconnect()
    },
  }
}

function showScore(through: number): string {
  return Number.isFinite(through) ? String(through) : '+inf'
}

function readScore(score: string): number {
  return score === 'inf' ? Number.POSITIVE_INFINITY : Number(score)
}
