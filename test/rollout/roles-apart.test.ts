import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CutoverStand, fillCopy, startCutoverStand } from './cutover-stand.ts'
import type { CoordinatorTask } from './programs/coordinator.ts'

const SLOW_MS = 120_000
let stand: CutoverStand

beforeAll(async () => {
  stand = await startCutoverStand(1, { isApart: true })
  await fillCopy(stand)
}, SLOW_MS)
afterAll(() => stand?.stop(), SLOW_MS)

/** A row that was changed and carried a moment ago, and that the service has not got that way. */
async function plantDifference(): Promise<void> {
  const hitsOf = async () =>
    (await stand.databases.service.query(`SELECT count FROM entry WHERE number = 'seed-4'`))[0]?.['count']
  const [before] = await stand.databases.monolith.query(
    `UPDATE item SET hits = hits + 1 WHERE number = 'seed-4' RETURNING hits`,
  )
  await vi.waitFor(async () => expect(await hitsOf()).toBe(before?.['hits']), { timeout: 20_000 })
  const past = await stand.databases.service.begin('asApplier')
  await past.query(`UPDATE entry SET count = 99 WHERE number = 'seed-4'`)
  await past.end('COMMIT')
}

/** What becomes of a cut-over that nothing is in the way of beforehand. */
async function undoing(): Promise<unknown> {
  let error: unknown
  await vi.waitFor(
    async () => {
      error = await stand.moveTo('service').catch((refused: unknown) => refused)
      expect(error).not.toMatchObject({ code: 'STRANGLER_CUTOVER_REFUSED' })
    },
    { timeout: 60_000, interval: 500 },
  )
  return error
}

/** A coordinator in a process of its own, to its end. */
async function runCoordinator(task: Partial<CoordinatorTask>): Promise<string> {
  const program = new URL('programs/coordinator.ts', import.meta.url).pathname
  const whole = { urls: stand.urls, to: 'service', at: 'never', ...task } satisfies CoordinatorTask
  const child = spawn(process.execPath, [program, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      said += `${line}\n`
    })
  await new Promise((resolve) => child.once('close', resolve))
  return said
}

describe('a coordinator beside the process that runs the sync', () => {
  it(
    'hears at the fence which rows were changed lately, and does not move the ownership over a difference',
    async () => {
      await plantDifference()
      expect(await undoing()).toMatchObject({
        code: 'STRANGLER_CUTOVER_UNDONE',
        message: expect.stringMatching(/changed lately is not the same on both sides: 1 row: item /),
      })
    },
    SLOW_MS,
  )

  it(
    'would move it, if what it does not know counted as nothing',
    async () => {
      await plantDifference()
      await runCoordinator({ knowsNoKeys: true })
      await vi.waitFor(async () => expect(await stand.owner()).toBe('service'), 10_000)
    },
    SLOW_MS,
  )

  it(
    'refuses where no process tells it',
    async () => {
      await stand.kill('sync')
      expect(await runCoordinator({ to: 'monolith' })).toMatch(/no process that runs the sync has told them/)
      await vi.waitFor(async () => expect(await stand.owner()).toBe('service'), 10_000)
    },
    SLOW_MS,
  )
})
