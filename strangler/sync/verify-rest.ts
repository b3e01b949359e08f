import { setTimeout as delay } from 'node:timers/promises'
import type { TableRoute } from './mapping.ts'
import type { VerifyRun } from './verify.ts'
import { judgeKeys } from './verify-keys.ts'
import type { OpenKey } from './verify-ledger.ts'
import { countDiverged, sampleOf } from './verify-report.ts'

const KEYS_AT_ONCE = 500
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000
const PATIENCE_MS = 30_000

/** Looks again at keys that were on their way, until they have come to rest. */
export interface Rest {
  /** Does nothing while the last look is not long ago. */
  lookAgain(): Promise<void>
  waitAndLook(): Promise<void>
  untilNothingIsOpen(): Promise<void>
}

export function createRest(run: VerifyRun): Rest {
  const { options, ledger, now } = run
  const patienceMs = options.patienceMs ?? PATIENCE_MS
  let pauseMs = SHORTEST_PAUSE_MS
  let lookAt = 0

  async function look(): Promise<void> {
    const before = ledger.openCount
    for (const [route, open] of groupByRoute(options.routes, ledger.openKeys())) {
      for (let first = 0; first < open.length; first += KEYS_AT_ONCE) {
        options.signal?.throwIfAborted()
        await judgeAgain(route, open.slice(first, first + KEYS_AT_ONCE))
      }
    }
    pauseMs = ledger.openCount < before ? SHORTEST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    lookAt = now() + pauseMs
    run.announce()
  }

  async function judgeAgain(route: TableRoute, open: readonly OpenKey[]): Promise<void> {
    const keys = [...new Set(open.map(({ key }) => key))]
    const { diverged, inFlight } = await judgeKeys(options, route, keys)
    if (diverged.length > 0) await options.onDiverged?.(diverged)
    const moving = new Set(inFlight)
    const told = new Map(diverged.map((found) => [found.key, found]))
    for (const entry of open) {
      const found = told.get(entry.key)
      // A key may be open twice: it counts once.
      told.delete(entry.key)
      if (!moving.has(entry.key)) {
        const samples = found === undefined ? [] : [sampleOf(found, run.mask)]
        ledger.count(entry.page, { compared: 1, ...countDiverged(found ? [found] : []) }, samples)
        ledger.settle(entry)
      } else if (now() - entry.since >= patienceMs) {
        const table = route.source.table.name
        const sample = { table, key: entry.key, kind: 'inFlight', columns: [] } as const
        ledger.count(entry.page, { unsettled: 1 }, [sample])
        ledger.settle(entry)
      }
    }
  }

  async function waitAndLook(): Promise<void> {
    await delay(Math.max(0, lookAt - now()), undefined, { ...(options.signal && { signal: options.signal }) })
    await look()
  }

  return {
    waitAndLook,
    async lookAgain() {
      if (ledger.openCount > 0 && now() >= lookAt) await look()
    },
    async untilNothingIsOpen() {
      while (ledger.openCount > 0) await waitAndLook()
    },
  }
}

function groupByRoute(routes: readonly TableRoute[], open: readonly OpenKey[]): Map<TableRoute, OpenKey[]> {
  const groups = new Map<TableRoute, OpenKey[]>()
  for (const entry of open) {
    const route = routes.find(({ source }) => source.table.name === entry.page.position.table)
    if (route !== undefined) groups.set(route, [...(groups.get(route) ?? []), entry])
  }
  return groups
}
