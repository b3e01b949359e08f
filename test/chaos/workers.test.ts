import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import {
  type CountingSide,
  isAlive,
  type KitFolder,
  type KitProcess,
  makeKitFolder,
  startSide,
} from './kit-stand.ts'

// Several processes of Node start in these tests, on machines that may have few cores.
const SLOW_MS = 60_000
const ITEMS = 'GET /items/:id'

let database: TestDatabase
let sides: CountingSide[]
let kit: KitFolder

beforeEach(async () => {
  database = await createTestDatabase('workers')
  sides = [await startSide('monolith'), await startSide('items')]
  kit = await makeKitFolder({
    sides: { monolith: sides[0]?.url, items: sides[1]?.url },
    capabilities: { items: { endpoints: [ITEMS] } },
    control: { url: database.url },
  })
})
afterEach(async () => {
  await kit.remove()
  await Promise.all(sides.map((side) => side.stop()))
  await database.drop()
})

/** On a connection of its own, so that the next goes to the next worker. */
async function ask({ proxyUrl }: KitProcess): Promise<string> {
  const answer = await fetch(`${proxyUrl}/items/1`, { headers: { connection: 'close' } })
  return answer.text()
}

const pidsOf = async ({ admin }: KitProcess) => (await admin.proxies()).proxies.map(({ pid }) => pid)

async function metricsOf({ adminUrl }: KitProcess): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text()
}

const sumOf = (metrics: string, name: string) =>
  [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  )

describe('two workers', () => {
  it(
    'serve one port, follow every toggle, and are counted together',
    async () => {
      const running = await kit.start(['--workers', '2'])
      const pids = await pidsOf(running)
      expect(new Set(pids).size).toBe(2)
      expect(pids).not.toContain(running.pid)
      for (let at = 0; at < 20; at++) expect(await ask(running)).toBe('monolith')
      const log = await running.running.until(
        new RegExp(
          `"pid":${pids[0]}.*"request"[^]*"pid":${pids[1]}.*"request"|"pid":${pids[1]}.*"request"[^]*"pid":${pids[0]}.*"request"`,
        ),
      )
      expect(log).toContain('"endpoint":"GET /items/:id"')
      const metrics = await metricsOf(running)
      expect(sumOf(metrics, 'strangler_requests_total')).toBe(20)

      await running.admin.setRoute({ endpoint: ITEMS, mode: 'service', expectedVersion: 0 })
      await waitUntil(async () => {
        const { proxies } = await running.admin.proxies()
        return proxies.every(({ tableVersion }) => tableVersion === 1)
      }, 'both have the toggle')
      for (let at = 0; at < 10; at++) expect(await ask(running)).toBe('items')
      expect(sumOf(await metricsOf(running), 'strangler_table_version')).toBe(1)
    },
    SLOW_MS,
  )

  it(
    'are two again when one was killed, and none is left when they are stopped',
    async () => {
      const running = await kit.start(['--workers', '2'])
      const [victim = 0, survivor = 0] = await pidsOf(running)
      process.kill(victim, 'SIGKILL')
      await waitUntil(
        async () => {
          const pids = await pidsOf(running)
          return pids.length === 2 && !pids.includes(victim) && pids.includes(survivor)
        },
        'another has taken its place, and its registration',
        20_000,
      )
      for (let at = 0; at < 10; at++) expect(await ask(running)).toBe('monolith')
      const pids = await pidsOf(running)
      expect(await running.stop()).toBe(0)
      for (const pid of [...pids, running.pid]) expect(await isAlive(pid)).toBe(false)
      await expect(ask(running)).rejects.toThrow()
    },
    SLOW_MS,
  )

  it(
    'end when the process that started them is killed',
    async () => {
      const running = await kit.start(['--workers', '2'])
      const pids = await pidsOf(running)
      await running.kill()
      await waitUntil(
        async () => !(await isAlive(pids[0] ?? 0)) && !(await isAlive(pids[1] ?? 0)),
        'they have ended',
      )
    },
    SLOW_MS,
  )
})

describe('workers in one directory', () => {
  it(
    'of two kits with names of their own are registered apart',
    async () => {
      const first = await kit.start(['--workers', '1', '--name', 'first'])
      const second = await kit.start(['--workers', '1', '--name', 'second'])
      expect((await second.admin.proxies()).proxies).toHaveLength(2)
      expect(existsSync(join(kit.directory, 'proxy-first-worker-1.json'))).toBe(true)
      expect(existsSync(join(kit.directory, 'proxy-second-worker-1.json'))).toBe(true)
      expect(await second.stop()).toBe(0)
      expect((await first.admin.proxies()).proxies).toHaveLength(1)
    },
    SLOW_MS,
  )

  it(
    'start again although a side is down, as one process does',
    async () => {
      expect(await (await kit.start(['--workers', '1'])).stop()).toBe(0)
      await sides[1]?.stop()
      const again = await kit.start(['--workers', '1'])
      expect(await ask(again)).toBe('monolith')
    },
    SLOW_MS,
  )
})
