import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../strangler/core/words.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { type CutoverStand, fillCopy, startCutoverStand } from './cutover-stand.ts'

const SLOW_MS = 120_000
const mariadbd = await requireProgram('mariadb')

describe.each(['postgres', 'mariadb'] as const)('a rehearsal on %s', (kind) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let stand: CutoverStand

  beforeAll(async () => {
    if (isMissing) return
    stand = await startCutoverStand(1, { kind })
    await fillCopy(stand)
  }, SLOW_MS)
  afterAll(() => stand?.stop(), SLOW_MS)

  let writes = 0
  const write = (side: Side) => {
    writes += 1
    return stand.run(side, `number ${writes}`)
  }

  /** Rehearses towards whoever owns, and the way that a move would go; then the owner writes, and the other side may not. */
  async function rehearseUnder(owner: Side): Promise<void> {
    const other: Side = owner === 'monolith' ? 'service' : 'monolith'
    const towards = (to: Side) => stand.admin.rehearseCutover({ capability: 'items', to })
    const pointless = await towards(owner)
    await expect(write(owner), `after a rehearsal towards the ${owner}`).resolves.toBe(1)
    expect(pointless).toEqual({
      obstacles: [{ reason: `the ${owner} owns items already`, fix: 'Nothing is to be done.' }],
      parts: {},
      predictedMs: 0,
    })
    // The copy may be a moment behind.
    const { parts } = await vi.waitFor(async () => {
      const rehearsal = await towards(other)
      expect(rehearsal.obstacles).toEqual([])
      return rehearsal
    }, 30_000)
    expect(Object.keys(parts)).toContain('fence')
    await expect(write(owner), `after a rehearsal towards the ${other}`).resolves.toBe(1)
    await expect(write(other)).rejects.toThrow(/strangler/i)
  }

  it.skipIf(isMissing)(
    `leaves the tables of whoever owns open, whichever way it is asked for${sayMissing('mariadb')}`,
    async () => {
      await rehearseUnder('monolith')
      await vi.waitFor(() => stand.moveTo('service'), { timeout: 60_000, interval: 500 })
      await stand.settle()
      await rehearseUnder('service')
      await vi.waitFor(() => stand.moveTo('monolith'), { timeout: 60_000, interval: 500 })
      await stand.settle()
      await rehearseUnder('monolith')
    },
    SLOW_MS,
  )
})
