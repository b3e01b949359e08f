import { expect } from 'vitest'
import type { Direction } from '../../../strangler/core/sync-words.ts'
import { checkTables } from '../../../strangler/sync/check-tables.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import {
  type DatabasePair,
  openPair,
  type PairAddresses,
  rolesOf,
} from '../../../strangler/sync/database-pair.ts'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import { createHandOver, type HandOver } from '../../../strangler/sync/hand-over.ts'
import { installSync, uninstallSync } from '../../../strangler/sync/install-sync.ts'
import { TABLES } from '../../rollout/items.ts'
import { openSideDatabase, type SideDatabase, type SideDatabaseKind } from '../../rollout/side-database.ts'
import { kitTable } from '../simulation/side.ts'

export const CAPABILITY = 'items'
export const SIDES = ['monolith', 'service'] as const

interface InstallChoices {
  readonly over?: DatabasePair
  readonly direction?: Direction
  readonly isCurrent?: () => Promise<boolean>
}

/** Two databases of a capability, and all that is done to both at once, without a journal but with its versions. */
export interface FrozenStand {
  readonly pair: DatabasePair
  readonly sides: Readonly<Record<(typeof SIDES)[number], SideDatabase>>
  nextVersion(): number
  install(choices?: InstallChoices): Promise<void>
  uninstall(over?: DatabasePair, isEnded?: () => Promise<boolean>): Promise<void>
  /** As of a process that does not know of the former ones. */
  openHandOver(): Promise<HandOver>
  cutOver(): Promise<void>
  close(): Promise<void>
}

export async function openFrozenStand(kind: SideDatabaseKind): Promise<FrozenStand> {
  const [monolith, service] = await Promise.all([
    openSideDatabase(kind, 'monolith'),
    openSideDatabase(kind, 'service'),
  ])
  const addresses: PairAddresses = {
    monolith: { side: 'monolith', url: monolith.url },
    service: { side: 'items', url: service.url },
  }
  const pair = await openPair(addresses, () => undefined)
  const { routes } = await checkTables(pair, TABLES, addresses)
  const basis = { capability: CAPABILITY, tables: TABLES }
  let version = 0
  const nextVersion = () => {
    version += 1
    return version
  }
  const openAnother = () =>
    createHandOver({
      ...{ ...basis, ...rolesOf(pair, 'forward'), installation: 'test' },
      ...{ routes: routes.forward, back: routes.reverse },
    })
  return {
    ...{ pair, sides: { monolith, service }, nextVersion, openHandOver: openAnother },
    async install({ over = pair, direction = 'forward', ...choices } = {}) {
      await installSync(rolesOf(over, direction), routes[direction], { ...basis, ...choices })
    },
    uninstall: (over = pair, isEnded = async () => true) => uninstallSync(over, { ...basis, isEnded }),
    async cutOver() {
      const soon = Date.now() + 10_000
      const since = nextVersion()
      const handOver = await openAnother()
      await handOver.prepare(soon)
      const { close, open } = tokensOf(since)
      await handOver.enter(close)
      await handOver.closeTarget(close, soon)
      await handOver.closeSource(close, soon)
      await handOver.enter(open)
      await handOver.openTarget(open, soon)
    },
    async close() {
      await pair.stop()
      for (const side of [monolith, service]) {
        await side.close()
        await side.drop()
      }
    },
  }
}

/** Those of a cut-over that a line of this version has begun. */
export function tokensOf(since: number): Readonly<Record<'close' | 'undo' | 'open', number>> {
  return { close: since * 4, undo: since * 4 + 1, open: since * 4 + 2 }
}

export interface Frozen {
  readonly outcome: 'was refused' | 'was through'
  /** What there was when it went on. */
  readonly before: unknown
}

interface Freeze {
  /** How many of its statements, of those after the journal was asked, come before. */
  readonly place: number
  readonly meanwhile: () => Promise<void>
  readonly command: (over: DatabasePair, askJournal: () => Promise<boolean>) => Promise<void>
}

/** The command is in front of its n-th statement while somebody else acts, and knows nothing of it. */
export async function freezeAt(pair: DatabasePair, { place, meanwhile, command }: Freeze): Promise<Frozen> {
  let left = place
  let before: unknown
  let isAsked = false
  const frozen = watchChanges(pair, async () => {
    if (!isAsked) return
    if (left === 0) {
      await meanwhile()
      before = await describePair(pair)
    }
    left -= 1
  })
  try {
    await command(frozen, async () => {
      isAsked = true
      return true
    })
    if (left < 0) throw new Error(`It went on at place ${place} as if nothing had been.`)
    return { outcome: 'was through', before }
  } catch (error) {
    expect(String(error)).toMatch(/has begun/)
    return { outcome: 'was refused', before }
  }
}

/** The same databases, where somebody is told of each statement that changes something, before it is run. */
export function watchChanges(
  pair: DatabasePair,
  tell: (statement: Statement) => Promise<void>,
): DatabasePair {
  const watching = (database: SyncDatabase): SyncDatabase => ({
    ...database,
    async query(statement) {
      if (changes(statement)) await tell(statement)
      return database.query(statement)
    },
  })
  return { ...pair, monolith: watching(pair.monolith), service: watching(pair.service) }
}

/** Not the looking, nor what makes a place for the fence's numbers. */
const changes = ({ sql }: Statement) =>
  !/^\s*(SELECT|SHOW|CREATE (TABLE|SCHEMA) IF NOT EXISTS|INSERT)/i.test(sql)

/** Everything of the kit that is in the two databases. */
export async function describePair(pair: DatabasePair): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const side of SIDES) {
    const { dialect, query } = pair[side]
    const ask = async (sql: string) => query({ sql, params: [] }).catch(() => ['there is no such table'])
    const schema = dialect.name === 'postgres' ? 'current_schema()' : 'DATABASE()'
    found[`${side} triggers`] = await ask(
      `SELECT trigger_name AS name, event_manipulation AS event FROM information_schema.triggers WHERE trigger_schema = ${schema} ORDER BY 1, 2`,
    )
    for (const [table, columns] of [
      ['applied', 'tbl, version'],
      ['sync_state', 'capability, role, epoch'],
      ['checkpoint', 'name, state'],
      ['change_log', 'tbl'],
    ] as const)
      found[`${side} ${table}`] = await ask(
        `SELECT ${columns} FROM ${kitTable(dialect.name, table)} ORDER BY 1`,
      )
  }
  return found
}
