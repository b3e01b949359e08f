import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { until } from './pipeline/open-pair.ts'
import { flushRedis } from './simulation/flush-redis.ts'
import {
  createSideOn,
  type RestartableServer,
  startMariadb,
  startPostgres,
  startRedis,
} from './simulation/restartable-servers.ts'
import type { Side } from './simulation/side.ts'
import { type DialectPair, openStand, type Stand } from './simulation/stand.ts'

const redisServer = await requireProgram('redis')
const mariadbd = await requireProgram('mariadb')
const SETTLE_MS = 90_000
/** They share the servers. */
const IN_TURN = { concurrent: false }

async function settles(stand: Stand): Promise<void> {
  expect(await stand.settle(SETTLE_MS)).toBeDefined()
  expect(await stand.compare()).toEqual({ missing: [], different: [], extra: [] })
}

/** Until the server answers again. */
async function answers(side: Side): Promise<void> {
  const isThere = () =>
    side.run('SELECT 1').then(
      () => true,
      () => false,
    )
  await until(isThere, SETTLE_MS)
}

/** Beside what is done to the databases: the two share no server. */
describe.skipIf(redisServer === undefined).concurrent('through a real Redis', { timeout: 180_000 }, () => {
  let redis: RestartableServer
  let stand: Stand
  beforeAll(async () => {
    redis = await startRedis(redisServer!.path)
    stand = await openStand({
      pair: { source: 'postgres', target: 'postgres' },
      seed: 7,
      queue: { kind: 'redis', url: redis.url },
    })
    await stand.install()
    await Promise.all([stand.start('source'), stand.start('target')])
    await settles(stand)
  }, 120_000)
  afterAll(async () => {
    await stand?.close()
    await redis?.stop()
  })

  /** Jobs wait in Redis, as nobody takes them. */
  async function fillQueue(value: string): Promise<void> {
    await stand.kill('target')
    await stand.source.run('UPDATE item SET sku = ?', [value])
    await until(() => (stand.end('source').status()?.inFlight ?? 0) > 2_000, SETTLE_MS)
  }

  test('a FLUSHALL over waiting jobs costs nothing but the time to send them again', IN_TURN, async () => {
    await fillQueue('flushed')
    await flushRedis(redis.url)
    await stand.start('target')
    await settles(stand)
  })

  test('neither does a Redis that is killed and comes back without its data', IN_TURN, async () => {
    await fillQueue('restarted')
    await redis.kill()
    await stand.source.run('UPDATE account SET balance = balance + 1 WHERE id < 50')
    await redis.start()
    await stand.start('target')
    await settles(stand)
  })
})

describe
  .skipIf(mariadbd === undefined)
  .concurrent('a database that is killed and started again', { timeout: 240_000 }, () => {
    let servers: Record<'postgres' | 'mariadb', RestartableServer>
    beforeAll(async () => {
      const [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb(mariadbd!.path)])
      servers = { postgres, mariadb }
    }, 120_000)
    afterAll(() => Promise.all(Object.values(servers ?? {}).map((server) => server.stop())))

    const PAIRS: readonly DialectPair[] = [
      { source: 'postgres', target: 'mariadb' },
      { source: 'mariadb', target: 'postgres' },
    ]
    test.each(PAIRS)('$source → $target goes on, whichever of the two it was', IN_TURN, async (pair) => {
      const sides = {
        source: await createSideOn(pair.source, servers[pair.source], `w_${pair.source}`),
        target: await createSideOn(pair.target, servers[pair.target], `t_${pair.source}`),
      }
      const stand = await openStand({ pair, seed: 7, sides })
      try {
        await stand.install()
        await Promise.all([stand.start('source'), stand.start('target')])
        await settles(stand)
        for (const [side, server] of [
          [sides.target, servers[pair.target]],
          [sides.source, servers[pair.source]],
        ] as const) {
          const open = await stand.source.connect()
          await open.run('BEGIN')
          await open.run("UPDATE slot SET value = 'never committed' WHERE id = 1")
          await stand.source.run("UPDATE item SET sku = 'just before' WHERE position < 15")
          await server.kill()
          await server.start()
          await answers(side)
          // Where the application's connection was to the other one, it is still open.
          await open.run('ROLLBACK').catch(() => undefined)
          await open.end().catch(() => undefined)
          await stand.source.run("UPDATE item SET sku = 'just after' WHERE position < 5")
          await stand.source.run('DELETE FROM account WHERE id % 10 = 0')
          await settles(stand)
        }
      } finally {
        await stand.close()
      }
    })
  })
