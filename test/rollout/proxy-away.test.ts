import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { type CutoverStand, fillCopy, startCutoverStand } from './cutover-stand.ts'
import { type KitProcess, startKitProcess } from './kit-process.ts'

const SLOW_MS = 120_000
let stand: CutoverStand
const started: KitProcess[] = []

beforeAll(async () => {
  stand = await startCutoverStand(3)
  await fillCopy(stand)
}, SLOW_MS)
afterAll(async () => {
  for (const one of started) await one.kill()
  await stand.stop()
}, SLOW_MS)

/** The proxy of this name comes back, and its control database is nowhere. */
async function startWithoutControl(name: string): Promise<string> {
  const settings = {
    ...stand.settings,
    control: { url: `postgres://postgres@127.0.0.1:${await findFreePort()}/gone` },
  }
  const again = await startKitProcess({
    name,
    program: 'kit',
    args: [JSON.stringify(settings), name, 'proxy'],
  })
  started.push(again)
  return again.said
}

async function write(url: string, number: string): Promise<number> {
  const answer = await fetch(`${url}/items`, { method: 'POST', body: number })
  await answer.text()
  return answer.status
}

/** In which databases it is now or will be soon. */
async function findPlaces(number: string): Promise<string[]> {
  const places = await Promise.all(
    (['monolith', 'service'] as const).map(async (side) =>
      (await stand.rows(side)).some((row) => row.number === number) ? [side] : [],
    ),
  )
  return places.flat()
}

async function registered(): Promise<number> {
  return (await stand.admin.proxies()).proxies.length
}

describe('a proxy that was down during the cut-over, and is started again while the control database is gone', () => {
  it(
    'holds a cut-over up while nobody has said that it is gone for good',
    async () => {
      expect(await registered()).toBe(3)
      await stand.kill('proxy-1')
      const { version } = await stand.admin.routes()
      await expect(
        stand.admin.cutOver({ capability: 'items', to: 'service', expectedVersion: version }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^STRANGLER_CUTOVER_(UNDONE|REFUSED)$/) })
      const gone = (await stand.admin.proxies()).proxies.map(({ id }) => id)
      await stand.kill('proxy-2', 'stop')
      expect(await registered()).toBe(2)
      // What is left is the kit's own and the one that was killed.
      const own = (await stand.admin.proxies()).proxies.find(({ pid }) => pid === process.pid)
      for (const id of gone.filter((one) => one !== own?.id))
        await stand.admin
          .evictProxy({
            id,
            expectedVersion: (await stand.admin.routes()).version,
            because: 'its machine burnt',
          })
          .catch(() => undefined)
      await vi.waitFor(() => stand.moveTo('service'), { timeout: 60_000, interval: 500 })
    },
    SLOW_MS,
  )

  it(
    'takes nothing for the capability when it had gone in order: neither a read nor a write',
    async () => {
      const url = await startWithoutControl('proxy-2')
      expect(await write(url, 'stopped')).toBe(503)
      expect((await fetch(`${url}/items`)).status).toBe(503)
      expect(await findPlaces('stopped')).toEqual([])
    },
    SLOW_MS,
  )

  it(
    'writes nowhere when it had crashed and was evicted: it goes by its old table, and the old owner refuses',
    async () => {
      const url = await startWithoutControl('proxy-1')
      expect(await write(url, 'crashed')).toBe(500)
      expect(await findPlaces('crashed')).toEqual([])
      // The twin: without the guards of the old owner the same write lands there, and is found.
      const guards = await stand.databases.monolith.query(
        `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'item'::regclass AND tgname LIKE '%guard%'`,
      )
      expect(guards.length).toBeGreaterThan(0)
      for (const { name } of guards) await stand.databases.monolith.query(`DROP TRIGGER "${name}" ON item`)
      expect(await write(url, 'unguarded')).toBe(200)
      expect(await findPlaces('unguarded')).toContain('monolith')
    },
    SLOW_MS,
  )
})
