import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../strangler/core/words.ts'
import { type CutoverStand, fillCopy, startCutoverStand, TOKEN } from './cutover-stand.ts'
import type { CoordinatorTask } from './programs/coordinator.ts'
import { startWriteLoad, type WriteLoad } from './write-load.ts'

const SLOW_MS = 120_000
const PROGRAM = new URL('programs/coordinator.ts', import.meta.url).pathname
let stand: CutoverStand
let load: WriteLoad

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-cutover')
  stand = await startCutoverStand(2)
  await fillCopy(stand)
  load = startWriteLoad(stand.proxyUrl, 10)
}, SLOW_MS)
afterAll(async () => {
  await load.stop()
  await stand.stop()
})

const ownerNow = async (): Promise<Side> => {
  const { entries } = await stand.admin.history({ limit: 1_000 })
  const changed = entries.flatMap(({ event }) => (event.kind === 'owner.changed' ? [event.owner] : []))
  return changed[0] ?? 'monolith'
}
const openHolds = async () => (await stand.admin.holds()).holds.length
const lines = async () =>
  (await stand.admin.history({ limit: 8 })).entries.map(({ version, event }) => `${event.kind} ${version}`)

/** A coordinator that ends or freezes at a moment; resolves when that has happened. */
async function strike(at: string, signal: CoordinatorTask['signal']) {
  const to: Side = (await ownerNow()) === 'monolith' ? 'service' : 'monolith'
  const task: CoordinatorTask = { urls: stand.urls, to, at, signal }
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = once(child, 'exit')
  const before = await lines()
  // Somebody else finishes what it has begun.
  await vi.waitFor(
    async () => {
      const now = await lines()
      expect(now, said).not.toEqual(before)
      expect(now[0], said).toMatch(/^hold\.(released|aborted)/)
    },
    { timeout: 20_000, interval: 50 },
  )
  const { entries } = await stand.admin.history({ limit: 8 })
  const begun = entries.find(({ event }) => event.kind === 'cutover.started')
  // One second of silence, and what is left to do: writes wait no longer than they would for a limit.
  expect(Date.parse(entries[0]?.at ?? '') - Date.parse(begun?.at ?? '')).toBeLessThan(9_000)
  return { to, child, ended, said: () => said }
}

/** On a machine that is starved a coordinator may lose its lease before it comes so far: then the next one is struck. */
async function strikeDead(at: string): Promise<Side> {
  for (let attempt = 1; ; attempt += 1) {
    const { to, ended, said } = await strike(at, 'SIGKILL')
    const [code, signal] = await ended
    if (signal === 'SIGKILL') return to
    if (attempt === 3) throw new Error(`It ended with ${code} before it came so far: ${said()}`)
  }
}

/** Writes are taken where the owner is, and both databases come to be the same. */
async function expectWhole(): Promise<void> {
  const side = await ownerNow()
  expect(await openHolds()).toBe(0)
  const before = load.added.size
  await vi.waitFor(() => expect(load.added.size).toBeGreaterThan(before + 10), {
    timeout: 15_000,
    interval: 50,
  })
  await expect(
    stand.databases[side === 'monolith' ? 'service' : 'monolith'].query(
      side === 'monolith'
        ? `INSERT INTO entry (number) VALUES ('stray')`
        : `INSERT INTO item (number) VALUES ('stray')`,
    ),
  ).rejects.toMatchObject({ code: '45000' })
}

describe('a coordinator that is killed', () => {
  it.each([
    ['after cutover.started', 'either'],
    ['after enter', 'either'],
    ['before hold.fenced', 'either'],
    ['after hold.fenced', 'either'],
    ['before closeSource', 'either'],
    ['after closeSource', 'either'],
    ['after alignIdentities', 'either'],
    ['before owner.changed', 'either'],
    ['after owner.changed', 'moved'],
    ['before openTarget', 'moved'],
    ['after openTarget', 'moved'],
    ['before hold.released', 'moved'],
  ])(
    '%s leaves nothing half done: another process ends it within five seconds',
    async (at, outcome) => {
      const to = await strikeDead(at)
      if (outcome === 'moved') expect(await ownerNow()).toBe(to)
      await expectWhole()
    },
    SLOW_MS,
  )
})

describe('a coordinator that was frozen and wakes up when all is over', () => {
  it.each(['before closeSource', 'before owner.changed', 'before openTarget', 'before hold.released'])(
    '%s changes nothing',
    async (at) => {
      const { child, ended, said } = await strike(at, 'SIGSTOP')
      const [owner, before] = [await ownerNow(), await lines()]
      child.kill('SIGCONT')
      expect(await ended, said()).toEqual([0, null])
      expect(await lines()).toEqual(before)
      expect(await ownerNow()).toBe(owner)
      await expectWhole()
    },
    SLOW_MS,
  )
})

describe('the writes of all this time', () => {
  it(
    'are there once, whoever was killed; only writes that waited too long were refused',
    async () => {
      await load.stop()
      const rows = await stand.settle()
      const found = new Map(rows.map(({ number, hits }) => [number, hits]))
      expect([...load.added].filter((number) => !found.has(number))).toEqual([])
      for (const [number, hits] of load.hits) expect(found.get(number)).toBeGreaterThanOrEqual(hits)
      expect(load.failures.filter((failure) => !failure.startsWith('503'))).toEqual([])
    },
    SLOW_MS,
  )
})
