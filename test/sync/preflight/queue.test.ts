import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findRedis } from '../../../strangler/infra/redis-server.ts'
import { examine } from '../../../strangler/sync/preflight/examine.ts'
import { createTransport } from '../../../strangler/sync/transport.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'

const program = await requireProgram('redis')

describe.skipIf(program === undefined)(`a Redis that evicts${sayMissing('redis')}`, () => {
  let directory: string
  let redis: Awaited<ReturnType<typeof findRedis>>
  const urlOf = () => (redis.kind === 'redis' ? redis.url : '')

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'strangler-evicting-'))
    redis = await findRedis({ directory, env: { PATH: process.env['PATH'] } })
  })
  afterAll(async () => {
    await redis.stop()
    await rm(directory, { recursive: true, force: true })
  })

  async function setPolicy(policy: string): Promise<void> {
    const client = new Redis(urlOf())
    await client.config('SET', 'maxmemory-policy', policy)
    client.disconnect()
  }

  const away = { side: 'x', url: 'postgres://127.0.0.1:1/x' }
  const find = async () => {
    const queue = { kind: 'redis', url: urlOf() } as const
    const other = { side: 'y', url: 'postgres://127.0.0.1:1/y' }
    const addresses = { monolith: away, service: other }
    const { findings } = await examine({
      ...{ capability: 'shop', direction: undefined, tables: [], addresses, queue },
      ...{ writers: [], report: () => undefined },
    })
    return findings.filter(({ code }) => code !== 'DATABASE_UNREACHABLE')
  }

  it('is a warning of the pre-flight and of the status, and blocks nothing, since the queue is disposable', async () => {
    await setPolicy('allkeys-lru')
    expect(await find()).toEqual([
      expect.objectContaining({
        code: 'REDIS_EVICTS',
        severity: 'warns',
        reason: 'maxmemory-policy of Redis is allkeys-lru',
        mend: 'Set `maxmemory-policy noeviction`.',
      }),
    ])
    const transport = createTransport({
      capability: 'stock',
      installation: 'test',
      direction: 'forward',
      server: { kind: 'redis', url: urlOf() },
      report: () => undefined,
    })
    expect(await transport.findWarnings()).toEqual([expect.stringContaining('Set it to noeviction')])
    await transport.stop()
  })

  it('is none when it is set to noeviction', async () => {
    await setPolicy('noeviction')
    expect(await find()).toEqual([])
  })
})
