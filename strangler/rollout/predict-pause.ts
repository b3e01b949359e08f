import type { CutoverDatabases, RolloutPorts } from './ports.ts'
import { countKeys } from './row-keys.ts'

/** How long each part of the pause took when it was tried, milliseconds. */
export interface PredictedPause {
  readonly parts: Readonly<Record<string, number>>
  readonly predictedMs: number
}

/** Lines of the journal between the first held write and the release: the start, the fence, the decision, the release. */
const LINES = 4
const LONGEST_DRAIN_MS = 4_000
const LOOK_EVERY_MS = 20

/** Does what a cut-over does as far as no write must be held for it. What transactions of others hold up cannot be known ahead. */
export async function measureParts(
  ports: RolloutPorts,
  databases: CutoverDatabases,
  token: number,
): Promise<PredictedPause> {
  const line = await time(() => ports.readState())
  const registrations = await time(() => ports.listRegistrations())
  const fence = Math.round(await databases.measureFence(token))
  const drain = await time(() => waitUntilQuiet(databases))
  const compare = await time(async () => databases.findDifferent((await databases.recentKeys()) ?? new Map()))
  const parts = {
    journal: line * LINES,
    acknowledgements: registrations * 2,
    fence: fence * 2,
    drain,
    compare,
  }
  return { parts, predictedMs: Object.values(parts).reduce((sum, part) => sum + part, 0) }
}

/** Until everything that was written before this moment is on the other side, as nearly as can be told while writes go on. */
async function waitUntilQuiet(databases: CutoverDatabases): Promise<void> {
  const until = performance.now() + LONGEST_DRAIN_MS
  databases.hurry()
  let fewest = Number.POSITIVE_INFINITY
  while (performance.now() < until) {
    const pending = countKeys((await databases.readLeft()).pending)
    if (pending === 0 || pending > fewest) return
    fewest = pending
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return Math.round(performance.now() - began)
}
