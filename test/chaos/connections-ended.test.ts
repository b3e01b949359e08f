import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findRedis, type Redis } from '../../strangler/infra/redis-server.ts'
import shop from '../../strangler.config.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../support/postgres.ts'
import { type KitFolder, type KitProcess, makeKitFolder } from './kit-stand.ts'

// An administrator's command, a restart or a fail-over ends every connection at once, also those that nobody is using. A pool or client
// without an 'error' listener makes of that an uncaught exception, and the process is gone.

const redisProgram = await requireProgram('redis')
const ROUNDS = 12
const SLOW_MS = 150_000

interface Program {
  readonly child: ChildProcess
  readonly url: string
  /** What it has written to stderr. */
  readonly errors: () => string
}

async function start(program: string, options: Record<string, string>): Promise<Program> {
  const args = Object.entries({ port: '0', ...options }).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const [line] = await once(child.stdout, 'data')
  return { child, url: JSON.parse(String(line)).listening, errors: () => errors }
}

describe.each([
  ['queues in PostgreSQL', false],
  ['queues in Redis', true],
])('with %s', (_name, withRedis) => {
  let databases: readonly TestDatabase[] = []
  let folder: KitFolder | undefined
  let redis: Extract<Redis, { kind: 'redis' }> | undefined
  let directory: string
  const programs: Program[] = []
  let kit: KitProcess
  const database = (position: number) => databases[position]!

  beforeAll(async () => {
    if (withRedis && redisProgram === undefined) return
    directory = await mkdtemp(join(tmpdir(), 'strangler-connections-'))
    databases = await Promise.all(['shop', 'inventory', 'orders', 'control'].map(createTestDatabase))
    if (withRedis) redis = await startRedis(directory)
    const eventQueue = redis?.url ?? database(3).url
    const monolith = await start('monolith/main.ts', { 'database-url': database(0).url, rows: '300' })
    const basics = { 'monolith-url': monolith.url, 'event-queue-url': eventQueue }
    const inventory = await start('extracted/inventory/main.ts', {
      ...{ 'database-url': database(1).url, 'seed-from': database(0).url },
      ...basics,
    })
    const orders = await start('extracted/orders/main.ts', { 'database-url': database(2).url, ...basics })
    programs.push(monolith, inventory, orders)
    folder = await makeKitFolder(
      {
        ...shop,
        sides: {
          monolith: { url: monolith.url, database: database(0).url },
          inventory: { url: inventory.url, database: database(1).url },
          orders: { url: orders.url },
        },
        control: { url: database(3).url },
        ...(redis === undefined ? {} : { redis: { url: redis.url } }),
      },
      redis === undefined ? { STRANGLER_NO_REDIS: '1' } : {},
    )
    kit = await folder.start()
    for (const change of ['install', 'backfill'] as const) {
      const { version } = await kit.admin.routes()
      await kit.admin.changeSync(change, { capability: 'inventory', expectedVersion: version })
    }
    await isCarried(kit)
  }, SLOW_MS)

  afterAll(async () => {
    await folder?.remove()
    for (const { child } of programs.splice(0)) child.kill('SIGKILL')
    await redis?.stop()
    await Promise.all(databases.map((one) => one.drop()))
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }, SLOW_MS)

  test.skipIf(withRedis && redisProgram === undefined)(
    'no process ends when all its connections are ended again and again, and the copy is whole afterwards',
    { timeout: SLOW_MS },
    async () => {
      const server = openPool(process.env['STRANGLER_TEST_PG_URL'] ?? '')
      const names = databases.map(({ url }) => new URL(url).pathname.slice(1))
      let ended = 0
      for (let round = 0; round < ROUNDS; round += 1) {
        const traffic = use(kit, programs)
        // Every second time while nobody is using them.
        if (round % 2 === 0) await traffic
        const { rowCount } = await server.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1)',
          [names],
        )
        ended += rowCount ?? 0
        if (redis !== undefined) await killClients(redis.url)
        await traffic
        await delay(250)
      }
      await server.end()
      expect(ended).toBeGreaterThan(5 * ROUNDS)
      for (const { child, errors } of programs)
        expect([child.exitCode, child.signalCode], errors()).toEqual([null, null])
      if (kit.running.child.exitCode !== null) expect((await kit.running.ended).stderr).toBe('')
      const application = openPool(database(0).url)
      await application.query('UPDATE inventory_stock SET qty_on_hand = qty_on_hand + 1')
      const { rows } = await application.query('SELECT sum(qty_on_hand) AS sum FROM inventory_stock')
      await application.end()
      await isCarried(kit)
      const copy = openPool(database(1).url)
      expect((await copy.query('SELECT sum(on_hand) AS sum FROM stock')).rows).toEqual(rows)
      await copy.end()
      for (const { url } of programs) expect((await fetch(`${url}/healthz`)).status).toBe(200)
      expect(await kit.stop()).toBe(0)
    },
  )
})

async function startRedis(directory: string): Promise<Extract<Redis, { kind: 'redis' }>> {
  const server = await findRedis({ directory, env: { PATH: process.env['PATH'] } })
  if (server.kind !== 'redis') throw new Error(server.description)
  return server
}

/** A few requests of every kind; what they are answered is not the matter here. */
async function use(kit: KitProcess, programs: readonly Program[]): Promise<void> {
  const urls = [kit.proxyUrl, ...programs.map(({ url }) => url)].map((url) => `${url}/api/inventory`)
  await Promise.allSettled([...urls.map((url) => fetch(url)), kit.admin.syncs()])
}

async function isCarried(kit: KitProcess): Promise<void> {
  for (const deadline = Date.now() + 90_000; ; await delay(100)) {
    const answer = await kit.admin.syncs().catch((error: unknown) => String(error))
    const sync =
      typeof answer === 'string'
        ? undefined
        : answer.syncs.find(({ capability }) => capability === 'inventory')
    if (sync?.live?.backfill?.state === 'done' && sync.live.entries === 0 && sync.live.runsHere) return
    if (Date.now() > deadline) throw new Error(`It is not carried: ${JSON.stringify(answer)}`)
  }
}

/** Every connection but that of this command. */
async function killClients(url: string): Promise<void> {
  const { hostname, port, password } = new URL(url)
  const socket = connect(Number(port), hostname)
  const commands = [
    ...(password === '' ? [] : [`AUTH ${decodeURIComponent(password)}`]),
    'CLIENT KILL TYPE normal SKIPME yes',
    'QUIT',
  ]
  socket.write(`${commands.join('\r\n')}\r\n`)
  socket.resume()
  await once(socket, 'close')
}
