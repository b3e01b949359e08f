import { setTimeout as delay } from 'node:timers/promises'
import { expect, vi } from 'vitest'
import type { Journal } from '../../../strangler/core/ports.ts'
import type { JournalEvent, Side, SyncOrder } from '../../../strangler/core/words.ts'
import type { CapabilitySync } from '../../../strangler/sync/capability-sync.ts'
import { type CheckedTables, checkTables, type SyncedTable } from '../../../strangler/sync/check-tables.ts'
import { openPair, type PairAddresses, rolesOf } from '../../../strangler/sync/database-pair.ts'
import { createHandOver, type HandOver } from '../../../strangler/sync/hand-over.ts'

const REPORT = (operation: string, error: unknown) => {
  throw new Error(operation, { cause: error })
}
const SECONDS_MS = 20_000

const soon = () => Date.now() + SECONDS_MS

export interface Databases {
  readonly addresses: PairAddresses
  readonly tables: readonly SyncedTable[]
}

/** Both databases, opened and looked at; `work` gets what a cut-over does to them. */
export async function withHandOver<T>(
  { addresses, tables }: Databases,
  to: Side,
  work: (handOver: HandOver, checked: CheckedTables) => Promise<T>,
): Promise<T> {
  const pair = await openPair(addresses, REPORT)
  try {
    const checked = await checkTables(pair, tables, addresses)
    const direction = to === 'service' ? 'forward' : 'reverse'
    const { forward, reverse } = checked.routes
    const [routes, back] = to === 'service' ? [forward, reverse] : [reverse, forward]
    const names = { capability: 'stock', installation: 'test' }
    const basis = { ...names, ...rolesOf(pair, direction), routes, back, tables }
    const handOver = await createHandOver(basis)
    return await work(handOver, checked)
  } finally {
    await pair.stop()
  }
}

interface Turned {
  readonly databases: Databases
  readonly sync: CapabilitySync
}

/** A cut-over that nothing goes wrong with, without a journal: the sync is told by hand. */
export async function turnTo({ databases, sync }: Turned, to: Side, order: SyncOrder): Promise<void> {
  await withHandOver(databases, to, async (steps) => {
    await steps.prepare(soon())
    await steps.enter(order.epoch)
    await steps.closeTarget(order.epoch, soon())
    await steps.closeSource(order.epoch, soon())
    const drained = { pending: new Map(), refused: [] }
    await vi.waitFor(async () => expect(await steps.readLeft()).toEqual(drained), SECONDS_MS)
    await steps.alignIdentities(order.epoch)
    sync.follow(order)
    await steps.openTarget(order.epoch, soon())
  })
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
  await withHandOver(databases, to, async (steps) => {
    await steps.prepare(soon())
    const token = await append(() => ({
      kind: 'cutover.started',
      capability,
      cutoverId,
      to,
      expiresAt: soon(),
    }))
    await steps.enter(token)
    await steps.closeTarget(token, soon())
    await steps.closeSource(token, soon())
    while ((await steps.readLeft()).pending.size > 0) await delay(20)
    await steps.alignIdentities(token)
    await append((epoch) => ({ kind: 'owner.changed', capability, owner: to, epoch, cutoverId }))
    await steps.openTarget(token, soon())
    await append(() => ({ kind: 'hold.released', capability, holdId: cutoverId }))
  })
}
