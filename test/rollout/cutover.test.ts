import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { type CutoverStand, fillCopy, startCutoverStand, TOKEN } from './cutover-stand.ts'
import { startWriteLoad } from './write-load.ts'

const SLOW_MS = 120_000
const ROUNDS = 3
const mariadbd = await requireProgram('mariadb')

describe.each(['postgres', 'mariadb'] as const)('a cut-over on %s', (kind) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let stand: CutoverStand

  beforeAll(async () => {
    if (isMissing) return
    vi.stubEnv('STRANGLER_NO_REDIS', '1')
    vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
    vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-cutover')
    stand = await startCutoverStand(3, { kind })
    await fillCopy(stand)
  }, SLOW_MS)
  afterAll(() => stand?.stop())

  it.skipIf(isMissing)(
    'moves the ownership there and back under writes: none fails, none is lost, none is doubled (skipped: mariadbd is not on this machine)',
    async () => {
      const load = startWriteLoad(stand.proxyUrl, 50)
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const side of ['service', 'monolith'] as const) {
          await vi.waitFor(() => stand.moveTo(side), { timeout: 30_000, interval: 500 })
          expect(await stand.owner()).toBe(side)
        }
      }
      await load.stop()
      expect(load.failures).toEqual([])
      const rows = await stand.settle()
      const found = new Map(rows.map(({ number, hits }) => [number, hits]))
      expect([...load.added].filter((number) => !found.has(number))).toEqual([])
      expect(rows.length).toBe(50 + load.added.size)
      for (const [number, hits] of load.hits) expect(found.get(number)).toBe(hits)
    },
    SLOW_MS,
  )
})
