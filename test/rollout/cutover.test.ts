import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { type CutoverStand, fillCopy, startCutoverStand, TOKEN } from './cutover-stand.ts'
import { startWriteLoad } from './write-load.ts'

// `npm run soak:cutover` has 50 rounds under 200 writes a second, through four proxies.
const soakRounds = Number(process.env['STRANGLER_SOAK'] ?? 0)
const isSoak = soakRounds > 0
const [ROUNDS, PER_SECOND, PROXIES] = isSoak ? [soakRounds, 200, 4] : [3, 20, 3]
const SLOW_MS = isSoak ? 1_200_000 : 240_000
const mariadbd = await requireProgram('mariadb')

describe.each(['postgres', 'mariadb'] as const)('a cut-over on %s', (kind) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let stand: CutoverStand

  beforeAll(async () => {
    if (isMissing) return
    vi.stubEnv('STRANGLER_NO_REDIS', '1')
    vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
    vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-cutover')
    stand = await startCutoverStand(PROXIES, { kind })
    await fillCopy(stand)
  }, SLOW_MS)
  afterAll(() => stand?.stop(), SLOW_MS)

  it.skipIf(isMissing)(
    'moves the ownership there and back under writes: none fails, none is lost, none is doubled (skipped: mariadbd is not on this machine)',
    async () => {
      const load = startWriteLoad(stand.proxyUrl, PER_SECOND)
      const heldMs: number[] = []
      const move = async (side: 'service' | 'monolith') => heldMs.push((await stand.moveTo(side)).heldMs)
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const side of ['service', 'monolith'] as const) {
          await vi.waitFor(() => move(side), { timeout: 90_000, interval: 500 })
          // Each proxy hears of it by itself.
          await vi.waitFor(async () => expect(await stand.owner()).toBe(side), 10_000)
        }
      }
      await load.stop()
      expect(load.failures).toEqual([])
      const rows = await stand.settle()
      const found = new Map(rows.map(({ number, hits }) => [number, hits]))
      expect([...load.added].filter((number) => !found.has(number))).toEqual([])
      expect(rows.length).toBe(50 + load.added.size)
      for (const [number, hits] of load.hits) expect(found.get(number)).toBe(hits)
      if (isSoak) showHolds(kind, heldMs, load.writes)
    },
    SLOW_MS,
  )
})

function showHolds(kind: string, heldMs: readonly number[], writes: number): void {
  const sorted = heldMs.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]
  const shown = { kind, cutOvers: sorted.length, writes, p50Ms: at(0.5), p99Ms: at(0.99), longestMs: at(1) }
  process.stdout.write(`${JSON.stringify(shown)}\n`)
}
