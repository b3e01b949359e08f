import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { requireProgram } from '../support/optional.ts'
import { type CountingSide, type KitFolder, type KitProcess, makeKitFolder, startSide } from './kit-stand.ts'

// PostgreSQL and the kit start several times, on machines that may have few cores.
const SLOW_MS = 60_000
const ITEMS = 'GET /items/:id'
const STOCK = 'GET /stock/:id'
/** The longest pause of whoever tries to reach the database again, and a little more. */
const BACK_MS = 15_000

const redisProgram = await requireProgram('redis')

let directory: string
let postgres: EmbeddedPostgres
let redis: { kill(): Promise<void>; url: string } | undefined
let sides: CountingSide[]
let kit: KitFolder

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-lost-'))
  // With fsync, as the kit's own: without it a killed server forgets what it had confirmed.
  postgres = await startEmbeddedPostgres({ directory })
  redis = redisProgram === undefined ? undefined : await startRedis(redisProgram.path)
  sides = [await startSide('monolith'), await startSide('service')]
  kit = await makeKitFolder(
    {
      sides: { monolith: sides[0]?.url, shop: sides[1]?.url },
      capabilities: {
        items: { service: 'shop', endpoints: [ITEMS] },
        stock: { service: 'shop', tables: ['stock'], endpoints: [STOCK] },
      },
      control: { url: postgres.url },
      ...(redis === undefined ? {} : { redis: { url: redis.url } }),
    },
    redis === undefined ? { STRANGLER_NO_REDIS: '1' } : {},
  )
}, SLOW_MS)
afterEach(async () => {
  await kit.remove()
  await Promise.all(sides.map((side) => side.stop()))
  await redis?.kill()
  await postgres.stop()
  await removePostgresDirectory(directory)
}, SLOW_MS)

async function startRedis(program: string) {
  const port = await findFreePort()
  const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    stdio: 'ignore',
  })
  await once(child, 'spawn')
  return {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      process.kill(child.pid as number, 'SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function killBoth(): Promise<void> {
  process.kill(postgres.pid, 'SIGKILL')
  await Promise.all([postgres.exited, redis?.kill()])
}

async function bringBack(): Promise<void> {
  const { port } = postgres
  postgres = await startEmbeddedPostgres({ directory, port })
  expect(postgres.port, 'somebody has taken its port meanwhile').toBe(port)
}

/** A kit whose journal, not its configuration, sends both capabilities to the service. */
async function startToggled(): Promise<KitProcess> {
  const started = await kit.start()
  const { admin } = started
  await admin.setRoute({ endpoint: ITEMS, mode: 'service', expectedVersion: 0 })
  await admin.setRoute({ endpoint: STOCK, mode: 'service', unsafe: true, expectedVersion: 1 })
  await waitUntil(async () => (await ask(started, '/stock/1')) === 'service', 'the toggles have arrived')
  await waitUntil(async () => (await admin.proxies()).proxies[0]?.tableVersion === 2, 'they are on its disk')
  return started
}

/** What a client gets: the side's name, or the code of a problem. */
async function ask({ proxyUrl }: KitProcess, path: string): Promise<string> {
  const answer = await fetch(`${proxyUrl}${path}`)
  const text = await answer.text()
  return answer.status === 200 ? text : `${answer.status} ${JSON.parse(text).code}`
}

const askAll = async (process: KitProcess) => [
  await ask(process, '/items/1'),
  await ask(process, '/stock/1'),
  await ask(process, '/unnamed'),
]

const isReady = async ({ adminUrl }: KitProcess) => (await fetch(`${adminUrl}/readyz`)).status === 200

const UNCONFIRMED = '503 STRANGLER_TABLE_UNCONFIRMED'

describe('while the control database and Redis are gone, killed without a word', () => {
  it(
    'serving goes on, commands say why they cannot, and all is well again when the database is back',
    async () => {
      const running = await startToggled()
      await killBoth()
      for (let at = 0; at < 50; at++)
        expect(await askAll(running)).toEqual(['service', 'service', 'monolith'])
      expect(await isReady(running)).toBe(true)
      await expect(
        running.admin.setRoute({ endpoint: ITEMS, mode: 'monolith', expectedVersion: 2 }),
      ).rejects.toMatchObject({ code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' })
      expect((await running.admin.routes()).confirmed).toBe(false)
      await bringBack()
      const flipBack = () => running.admin.setRoute({ endpoint: ITEMS, mode: 'monolith', expectedVersion: 2 })
      await waitUntil(
        () =>
          flipBack().then(
            () => true,
            () => false,
          ),
        'a toggle works again',
        BACK_MS,
      )
      await waitUntil(async () => (await ask(running, '/items/1')) === 'monolith', 'it arrives', BACK_MS)
      expect(await running.stop()).toBe(0)
    },
    SLOW_MS,
  )

  it(
    'a proxy that crashed serves all by the copy on disk, and catches up without a restart',
    async () => {
      const first = await startToggled()
      await first.kill()
      await killBoth()
      const second = await kit.start()
      expect(await askAll(second)).toEqual(['service', 'service', 'monolith'])
      expect(await isReady(second)).toBe(true)
      await bringBack()
      const other = await kit.start(['--role', 'admin'])
      await other.admin.setRoute({ endpoint: ITEMS, mode: 'monolith', expectedVersion: 2 })
      await waitUntil(async () => (await ask(second, '/items/1')) === 'monolith', 'it has caught up', BACK_MS)
      expect((await other.admin.proxies()).proxies).toHaveLength(1)
    },
    SLOW_MS,
  )

  it(
    'a proxy that was stopped cleanly serves no capability with data until the database is back',
    async () => {
      expect(await (await startToggled()).stop()).toBe(0)
      await killBoth()
      const second = await kit.start()
      expect(await askAll(second)).toEqual(['service', UNCONFIRMED, 'monolith'])
      expect((await fetch(`${second.proxyUrl}/stock/1`)).headers.get('retry-after')).toBe('5')
      expect(await isReady(second)).toBe(false)
      await bringBack()
      await waitUntil(async () => (await ask(second, '/stock/1')) === 'service', 'it has caught up', BACK_MS)
      expect(await isReady(second)).toBe(true)
    },
    SLOW_MS,
  )

  it.each<[string, (copy: string) => Promise<void>]>([
    ['cut off', async (copy) => writeFile(copy, (await readFile(copy, 'utf8')).slice(0, -20))],
    [
      'changed',
      async (copy) => writeFile(copy, (await readFile(copy, 'utf8')).replace('registration', 'registratiom')),
    ],
  ])(
    'a copy on disk that was %s counts as none',
    async (_, spoil) => {
      await (await startToggled()).kill()
      await killBoth()
      await spoil(join(kit.directory, 'proxy-main.json'))
      const second = await kit.start()
      // What the configuration says; the journal is not known.
      expect(await askAll(second)).toEqual(['monolith', UNCONFIRMED, 'monolith'])
      await bringBack()
      await waitUntil(async () => (await ask(second, '/stock/1')) === 'service', 'it has caught up', BACK_MS)
    },
    SLOW_MS,
  )
})

describe('a proxy that was evicted and lives', () => {
  it(
    'is registered again under another id',
    async () => {
      const running = await startToggled()
      const [before] = (await running.admin.proxies()).proxies
      await running.admin.evictProxy({ id: before?.id ?? '', because: 'taken for dead', expectedVersion: 2 })
      await waitUntil(async () => {
        const { proxies } = await running.admin.proxies()
        return proxies.length === 1 && proxies[0]?.id !== before?.id && proxies[0]?.tableVersion === 3
      }, 'it is registered again')
      expect(await askAll(running)).toEqual(['service', 'service', 'monolith'])
    },
    SLOW_MS,
  )
})
