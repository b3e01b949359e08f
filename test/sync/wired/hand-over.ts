import { setTimeout as delay } from 'node:timers/promises'
import type { Journal } from '../../../strangler/core/ports.ts'
import type { JournalEvent, Side } from '../../../strangler/core/words.ts'
import { type CheckedTables, checkTables, type SyncedTable } from '../../../strangler/sync/check-tables.ts'
import { openPair, type PairAddresses, rolesOf } from '../../../strangler/sync/database-pair.ts'
import { createHandOver } from '../../../strangler/sync/hand-over.ts'

const REPORT = (operation: string, error: unknown) => {
  throw new Error(operation, { cause: error })
}
const SECONDS_MS = 10_000

export interface Databases {
  readonly addresses: PairAddresses
  readonly tables: readonly SyncedTable[]
}

/** Both databases, opened and looked at; `work` gets what a cut-over does to them. */
export async function withHandOver<T>(
  { addresses, tables }: Databases,
  to: Side,
  work: (handOver: ReturnType<typeof createHandOver>, checked: CheckedTables) => Promise<T>,
): Promise<T> {
  const pair = await openPair(addresses, REPORT)
  try {
    const checked = await checkTables(pair, tables, addresses)
    const direction = to === 'service' ? 'forward' : 'reverse'
    const routes = checked.routes[direction]
    const handOver = createHandOver({ capability: 'stock', ...rolesOf(pair, direction), routes, tables })
    return await work(handOver, checked)
  } finally {
    await pair.stop()
  }
}

/** The steps of a cut-over without anything going wrong, and without proxies. */
export async function handOver(databases: Databases, journal: Journal, to: Side): Promise<void> {
  const append = async (event: (version: number) => JournalEvent): Promise<number> => {
    const [newest] = await journal.history({ limit: 1 })
    const expectedVersion = newest?.version ?? 0
    const entry = await journal.append({ event: event(expectedVersion + 1), by: 'test', expectedVersion })
    return entry.version
  }
  const [capability, cutoverId] = ['stock', `to-${to}`]
  const soon = () => Date.now() + SECONDS_MS
  await withHandOver(databases, to, async (steps) => {
    await steps.prepare(soon())
    const stage = await append(() => ({
      kind: 'cutover.started',
      capability,
      cutoverId,
      to,
      expiresAt: soon(),
    }))
    await steps.enter(stage)
    await steps.closeSource(stage, soon())
    while ((await steps.readLeft()).pending > 0) await delay(20)
    await steps.alignIdentities()
    await append((epoch) => ({ kind: 'owner.changed', capability, owner: to, epoch, cutoverId }))
    await steps.openTarget(stage, soon())
    await append(() => ({ kind: 'hold.released', capability, holdId: cutoverId }))
  })
}
