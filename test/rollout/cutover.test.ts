import { loadavg } from 'node:os'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CutoverAnswer } from '../../strangler/admin/cutover-contracts.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { type CutoverStand, fillCopy, startCutoverStand, TOKEN } from './cutover-stand.ts'
import { startWriteLoad, type WriteLoad } from './write-load.ts'
import { startYardstick } from './yardstick.ts'

// `npm run soak:cutover` has 50 rounds under 200 writes a second, through four proxies.
const soakRounds = Number(process.env['STRANGLER_SOAK'] ?? 0)
const isSoak = soakRounds > 0
const [ROUNDS, PER_SECOND, PROXIES] = isSoak
  ? [soakRounds, Number(process.env['STRANGLER_SOAK_RATE'] ?? 200), 4]
  : [5, 20, 4]
const SLOW_MS = isSoak ? 1_200_000 : 240_000
const mariadbd = await requireProgram('mariadb')

describe.each(['postgres', 'mariadb'] as const)('a cut-over on %s', (kind) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let stand: CutoverStand
  let load: WriteLoad

  beforeAll(async () => {
    if (isMissing) return
    vi.stubEnv('STRANGLER_NO_REDIS', '1')
    vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
    vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-cutover')
    // Under much load the proxy and the sync must not share a process with the sides and the shoppers.
    stand = await startCutoverStand(PROXIES, { kind, isApart: isSoak })
    await fillCopy(stand)
  }, SLOW_MS)
  afterAll(async () => {
    // Where the test has failed it still runs, and would hang on what is stopped.
    await load?.stop()
    await stand?.stop()
  }, SLOW_MS)

  it.skipIf(isMissing)(
    `moves the ownership there and back under writes: none fails, none is lost, none is doubled${sayMissing('mariadb')}`,
    async () => {
      load = startWriteLoad(stand.proxyUrl, PER_SECOND)
      const moves: CutoverAnswer[] = []
      // Undone, or refused because the copy was late: on a starved machine both happen, and no request may fail for it.
      const undone: string[] = []
      const yardstick = startYardstick()
      const move = async (side: 'service' | 'monolith') => {
        const moved = await stand.moveTo(side).catch((error: Error) => {
          undone.push(error.message)
          throw error
        })
        moves.push(moved)
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const side of ['service', 'monolith'] as const) {
          await vi.waitFor(() => move(side), { timeout: 90_000, interval: 500 })
          // Each proxy hears of it by itself.
          await vi.waitFor(async () => expect(await stand.owner()).toBe(side), 10_000)
        }
      }
      const slowness = yardstick.stop()
      await load.stop()
      if (isSoak) showHolds({ kind, moves, load, undone, slowness })
      expect(load.failures).toEqual([])
      const rows = await stand.settle()
      const found = new Map(rows.map(({ number, hits }) => [number, hits]))
      expect([...load.added].filter((number) => !found.has(number))).toEqual([])
      expect(rows.length).toBe(50 + load.added.size)
      for (const [number, hits] of load.hits) expect(found.get(number)).toBe(hits)
      expect(percentile(heldOf(moves), 0.99) / slowness).toBeLessThan(1_000)
    },
    SLOW_MS,
  )
})

/** By nearest rank: of a hundred values the 99th is that of 0.99. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

interface Soaked {
  readonly kind: string
  readonly moves: readonly CutoverAnswer[]
  readonly load: WriteLoad
  readonly undone: readonly string[]
  readonly slowness: number
}

/** Those that were undone have held writes too. */
const heldOf = (moves: readonly CutoverAnswer[]) =>
  moves.flatMap(({ heldMs, undoneMs }) => [...undoneMs, heldMs])

function showHolds({ kind, moves, load, undone, slowness }: Soaked): void {
  const heldMs = heldOf(moves)
  const [p50Ms, p99Ms, longestMs] = [0.5, 0.99, 1].map((share) => percentile(heldMs, share))
  const { writes, reads, failures, tookMs } = load
  const slowestWriteMs = Math.round(percentile(tookMs, 1))
  const holds = { cutOvers: moves.length, holds: heldMs.length, p50Ms, p99Ms, longestMs, undone }
  const requests = { writes, reads, failed: failures.length, slowestWriteMs }
  const shown = { kind, ...holds, ...requests, slowness: Number(slowness.toFixed(2)), load: loadavg()[0] }
  process.stdout.write(`${JSON.stringify(shown)}\n${showSteps(moves)}\n`)
}

/** Which part of a hold takes the time: a line for each step, and one for what is between them. */
function showSteps(moves: readonly CutoverAnswer[]): string {
  const between = moves.map(
    ({ heldMs, steps }) => heldMs - Object.values(steps).reduce((sum, one) => sum + one, 0),
  )
  const names = [...new Set(moves.flatMap(({ steps }) => Object.keys(steps)))]
  const parts = names.map((name) => [name, moves.map(({ steps }) => steps[name] ?? 0)] as const)
  return [...parts, ['between', between] as const]
    .map(([name, tookMs]) => {
      const [p50, p95, max] = [0.5, 0.95, 1].map((share) => percentile(tookMs, share))
      return `  ${name.padEnd(24)} p50 ${p50} ms, p95 ${p95} ms, longest ${max} ms`
    })
    .join('\n')
}
