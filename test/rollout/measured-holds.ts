import { loadavg } from 'node:os'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { CutoverAnswer } from '../../strangler/admin/cutover-contracts.ts'
import type { WriteLoad } from './write-load.ts'

const PAGE = 500

/** One cut-over as whoever asked for it saw it, which may have failed; epoch milliseconds. */
export interface Move {
  readonly beganAt: number
  readonly endedAt: number
  readonly answer?: CutoverAnswer
  readonly failure?: string
}

/** By nearest rank: of a hundred values the 99th is that of 0.99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

/** How long each hold was by the journal's own clock, milliseconds: also those that were undone, whoever has ended them. */
export async function readHolds(admin: AdminClient): Promise<number[]> {
  const began = new Map<string, number>()
  const ended = new Map<string, number>()
  for (let before: number | undefined; ; ) {
    const { entries } = await admin.history({ limit: PAGE, ...(before === undefined ? {} : { before }) })
    for (const { at, event } of entries) {
      if (event.kind === 'cutover.started') began.set(event.cutoverId, Date.parse(at))
      if (event.kind === 'hold.released' || event.kind === 'hold.aborted')
        ended.set(event.holdId, Date.parse(at))
    }
    if (entries.length < PAGE) break
    before = entries.at(-1)?.version
  }
  return [...began].map(([id, at]) => (ended.get(id) ?? Number.POSITIVE_INFINITY) - at)
}

/** Of each move the write that took longest, as its client saw it, milliseconds. */
export function slowestWrites(moves: readonly Move[], { written }: WriteLoad): number[] {
  return moves.map(({ beganAt, endedAt }) =>
    Math.max(
      0,
      ...written
        .filter((one) => one.beganAt < endedAt && one.beganAt + one.tookMs > beganAt)
        .map(({ tookMs }) => Math.round(tookMs)),
    ),
  )
}

export interface Soaked {
  readonly kind: string
  readonly moves: readonly Move[]
  readonly holds: readonly number[]
  /** What rehearsals have said of them before. */
  readonly predictions: readonly number[]
  readonly load: WriteLoad
  readonly slowness: number
}

/** One line of JSON, and one for each step. */
export function describeSoak({ kind, moves, holds, predictions, load, slowness }: Soaked): string {
  const spread = (values: readonly number[]) => ({
    p50Ms: percentile(values, 0.5),
    p99Ms: percentile(values, 0.99),
    longestMs: percentile(values, 1),
  })
  const shown = {
    kind,
    moves: moves.filter(({ answer }) => answer !== undefined).length,
    failedMoves: moves.flatMap(({ failure }) => failure ?? []),
    holds: { count: holds.length, ...spread(holds) },
    predicted: spread(predictions),
    slowestWriteOfEachMove: spread(slowestWrites(moves, load)),
    requests: { writes: load.writes, reads: load.reads, failed: load.failures.length },
    ...{ slowness: Number(slowness.toFixed(2)), load: loadavg()[0] },
  }
  return `${JSON.stringify(shown)}\n${describeSteps(moves.flatMap(({ answer }) => answer ?? []))}\n`
}

/** Which part of a hold takes the time: a line for each step, and one for what is between them. */
function describeSteps(answers: readonly CutoverAnswer[]): string {
  const between = answers.map(
    ({ heldMs, steps }) => heldMs - Object.values(steps).reduce((sum, one) => sum + one, 0),
  )
  const names = [...new Set(answers.flatMap(({ steps }) => Object.keys(steps)))]
  const parts = names.map((name) => [name, answers.map(({ steps }) => steps[name] ?? 0)] as const)
  return [...parts, ['between', between] as const]
    .map(([name, tookMs]) => {
      const [p50, p95, max] = [0.5, 0.95, 1].map((share) => percentile(tookMs, share))
      return `  ${name.padEnd(24)} p50 ${p50} ms, p95 ${p95} ms, longest ${max} ms`
    })
    .join('\n')
}
