import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../strangler/core/words.ts'
import { followOwner, type Worker } from '../../strangler/service.ts'
import { type CutoverStand, fillCopy, startCutoverStand } from '../rollout/cutover-stand.ts'

const SLOW_MS = 120_000
const WORKER_TOKEN = 'worker-token-for-the-cutover'
let stand: CutoverStand

beforeAll(async () => {
  vi.stubEnv('STRANGLER_WORKER_TOKEN', WORKER_TOKEN)
  stand = await startCutoverStand(1)
  await fillCopy(stand)
}, SLOW_MS)
afterAll(() => stand.stop())

interface Job {
  readonly worker: Worker
  readonly written: string[]
  readonly failures: unknown[]
}

/** A job that writes past the proxy, as fast as it may. */
function startJob(side: Side, running: Set<Side>, together: string[]): Job {
  const written: string[] = []
  const failures: unknown[] = []
  let ending: Promise<void> | undefined
  let isOver = true
  const { whileOwner } = followOwner({ side, url: stand.kit.adminUrl ?? '', name: 'job', leaseMs: 20_000 })
  const work = async () => {
    for (let step = 0; !isOver; step += 1) {
      const number = `${side}-${process.hrtime.bigint()}-${step}`
      await stand.run(side, number).then(
        () => written.push(number),
        (error: unknown) => failures.push(error),
      )
      await delay(5)
    }
  }
  const start = () => {
    running.add(side)
    if (running.size > 1) together.push(`both run when the ${side} begins`)
    isOver = false
    ending = work()
  }
  const stop = async () => {
    isOver = true
    await ending
    running.delete(side)
  }
  return { worker: whileOwner('items', start, stop), written, failures }
}

describe('background work through real cut-overs', () => {
  it(
    'writes on the side that owns and nowhere else; nothing is refused, lost or doubled',
    async () => {
      const together: string[] = []
      const running = new Set<Side>()
      const jobs = {
        monolith: startJob('monolith', running, together),
        service: startJob('service', running, together),
      }
      for (const side of ['service', 'monolith', 'service'] as const) {
        const before = jobs[side].written.length
        await vi.waitFor(() => stand.moveTo(side), { timeout: 30_000, interval: 500 })
        await vi.waitFor(() => expect(jobs[side].written.length).toBeGreaterThan(before), { timeout: 20_000 })
      }
      await Promise.all([jobs.monolith.worker.stop(), jobs.service.worker.stop()])
      expect(together).toEqual([])
      expect([...jobs.monolith.failures, ...jobs.service.failures]).toEqual([])
      const rows = (await stand.settle())
        .map(({ number }) => number)
        .filter((number) => !number.startsWith('seed-'))
      expect(rows.sort()).toEqual([...jobs.monolith.written, ...jobs.service.written].sort())
    },
    SLOW_MS,
  )

  it(
    'that does not end lets the cut-over fail, and goes on on its side',
    async () => {
      const { whileOwner } = followOwner({
        side: 'service',
        url: stand.kit.adminUrl ?? '',
        name: 'stubborn',
        leaseMs: 60_000,
      })
      const ending = Promise.withResolvers<void>()
      const worker = whileOwner(
        'items',
        () => undefined,
        () => ending.promise,
      )
      await vi.waitFor(() => expect(worker.isRunning()).toBe(true), { timeout: 20_000 })
      await expect(stand.moveTo('monolith')).rejects.toThrow(/stubborn/)
      expect(await stand.owner()).toBe('service')
      ending.resolve()
      await vi.waitFor(() => stand.moveTo('monolith'), { timeout: 30_000, interval: 500 })
      await worker.stop()
    },
    SLOW_MS,
  )

  it('without following the owner is refused by the guards, which are the last fence', async () => {
    const stray = stand.databases.service.query(`INSERT INTO entry (number) VALUES ('stray')`)
    await expect(stray).rejects.toMatchObject({ code: '45000' })
  })
})
