import type { DialectName, Direction } from '../../../strangler/core/sync-words.ts'
import { readQuarantine } from '../../../strangler/sync/bookkeeping.ts'
import { type CheckedTables, checkTables } from '../../../strangler/sync/check-tables.ts'
import {
  type DatabasePair,
  openPair,
  type PairAddresses,
  rolesOf,
} from '../../../strangler/sync/database-pair.ts'
import { installSync, uninstallSync } from '../../../strangler/sync/install-sync.ts'
import type { Finding } from '../../../strangler/sync/preflight/findings.ts'
import { type RunningSync, startRunningSync } from '../../../strangler/sync/running-sync.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { until } from '../pipeline/open-pair.ts'
import { compareCases, showDivergence, tamperWith } from './compare-cases.ts'
import { type CasePlan, createTable, planCase, readTable } from './expected-rows.ts'
import type { NamedCase } from './load-cases.ts'
import { type AppDatabase, openApp } from './type-stand.ts'

/** What was seen of one case. */
export interface SeenCase {
  readonly plan: CasePlan
  readonly target: ReadonlyMap<string, string | null>
  /** `id` → the quarantine's sentence. */
  readonly quarantine: ReadonlyMap<string, string>
  /** What verify said against the table, by rows and, in two databases of one dialect, by sums. */
  readonly falseAlarms: readonly string[]
  /** Of a row that was given another value past the kit; undefined where the case has no second value. */
  readonly tampered: 'noticed' | 'overlooked' | undefined
  /** The source's rows after they were deleted there and brought back from the target. */
  readonly cameBack: ReadonlyMap<string, string | null>
}

export interface SeenPair {
  readonly refused: ReadonlyMap<string, readonly Finding[]>
  readonly seen: ReadonlyMap<string, SeenCase>
}

interface Stand {
  readonly from: AppDatabase
  readonly to: AppDatabase
  readonly pair: DatabasePair
  readonly addresses: PairAddresses
  readonly queueUrl: string
}

/** The one complaint that is expected is that a job with a refused row is taken apart. */
const report = (operation: string, error: unknown) => {
  if (!String(error).includes('taken apart')) process.stderr.write(`${operation}: ${String(error)}\n`)
}
const WAIT_MS = 90_000

/** All cases of one pair in one sync: captured, sent through the queue, applied and acknowledged; compared; and carried back. */
export async function runPair(
  cases: readonly NamedCase[],
  [from, to]: readonly [DialectName, DialectName],
): Promise<SeenPair> {
  const [source, target, queue] = await Promise.all([
    openApp(from, 'types_w'),
    openApp(to, 'types_t'),
    createTestDatabase('types_queue'),
  ])
  const addresses = {
    monolith: { side: 'monolith', url: source.url },
    service: { side: 'service', url: target.url },
  }
  const pair = await openPair(addresses, report)
  try {
    const stand = { from: source, to: target, pair, addresses, queueUrl: queue.url }
    for (const side of [source, target])
      for (const one of cases) for (const sql of createTable(one, side.dialect)) await side.run(sql)
    const refused = await findRefused(stand, cases)
    const carried = cases.filter(({ name }) => refused.get(name)!.length === 0)
    return { refused, seen: await carry(stand, carried) }
  } finally {
    await pair.stop()
    await Promise.all([source.drop(), target.drop(), queue.drop()])
  }
}

async function findRefused({ pair, addresses }: Stand, cases: readonly NamedCase[]) {
  const refused = new Map<string, readonly Finding[]>()
  for (const { name, table } of cases)
    refused.set(name, (await checkTables(pair, [{ table }], addresses)).findings)
  return refused
}

async function carry(stand: Stand, cases: readonly NamedCase[]): Promise<Map<string, SeenCase>> {
  const { from, to, pair } = stand
  const tables = cases.map(({ table }) => ({ table }))
  const { routes } = await checkTables(pair, tables, stand.addresses)
  const plans = new Map(cases.map((one) => [one.name, planCase(one, from.dialect, to.dialect)]))
  await carryForward(stand, routes, [...plans.values()])
  const targetRows = await readAll(to, cases)
  const quarantine = await readRefusals(stand, cases)
  const compared = { ...rolesOf(pair, 'forward'), routes: routes.forward }
  const alarms = await compareCases(compared)
  const noticed = await tamperWith(compared, to, cases)
  await uninstallSync(pair, { capability: 'types', tables })
  await carryBack(stand, routes, cases)
  const cameBack = await readAll(from, cases)
  return new Map(
    cases.map((one) => [
      one.name,
      {
        plan: plans.get(one.name)!,
        target: targetRows.get(one.name)!,
        quarantine: quarantine.get(one.table) ?? new Map(),
        falseAlarms: alarms.filter(({ table }) => table === one.table).map(showDivergence),
        tampered: noticed.get(one.name),
        cameBack: cameBack.get(one.name)!,
      },
    ]),
  )
}

async function carryForward(stand: Stand, routes: CheckedTables['routes'], plans: readonly CasePlan[]) {
  const { from, pair } = stand
  for (const plan of plans) for (const sql of plan.before) await from.run(sql)
  await installSync(rolesOf(pair, 'forward'), routes.forward, { capability: 'types' })
  const sync = await start(stand, routes, 'forward')
  // A row that is refused would keep the backfill from its end.
  await settle(sync, 0)
  for (const plan of plans) for (const sql of plan.live) await from.run(sql)
  await settle(
    sync,
    plans.reduce((sum, plan) => sum + plan.quarantined.size, 0),
  )
  await sync.stop()
}

/** The roles are exchanged: the target's rows are all that there is. */
async function carryBack(stand: Stand, routes: CheckedTables['routes'], cases: readonly NamedCase[]) {
  const { from, pair } = stand
  for (const { table } of cases) await from.run(`DELETE FROM ${table}`)
  await installSync(rolesOf(pair, 'reverse'), routes.reverse, { capability: 'types' })
  const sync = await start(stand, routes, 'reverse')
  await settle(sync, 0)
  await sync.stop()
  await uninstallSync(pair, { capability: 'types', tables: cases.map(({ table }) => ({ table })) })
}

function start(
  { pair, queueUrl }: Stand,
  routes: CheckedTables['routes'],
  direction: Direction,
): Promise<RunningSync> {
  const epoch = direction === 'forward' ? 1 : 2
  return startRunningSync({
    capability: 'types',
    installation: 'test',
    order: { epoch, state: 'running', backfill: true },
    direction,
    ...rolesOf(pair, direction),
    routes: routes[direction],
    queue: { kind: 'postgres', url: queueUrl },
    onHeartbeat: () => undefined,
    isSound: () => true,
    report,
  })
}

/** Everything is there, and what cannot be is refused: nothing else waits. In time or not: each case then shows what it lacks. */
async function settle(sync: RunningSync, refusals: number): Promise<void> {
  await until(async () => {
    const { source, backfill } = await sync.status()
    return source.entries === refusals && source.waiting === refusals && backfill?.state === 'done'
  }, WAIT_MS).catch(async () => {
    process.stderr.write(`${refusals} were to wait: ${JSON.stringify(await sync.status())}\n`)
  })
}

async function readAll(side: AppDatabase, cases: readonly NamedCase[]) {
  const rows = new Map<string, Map<string, string | null>>()
  for (const one of cases) {
    const found = await side.run(readTable(one, side.dialect))
    rows.set(one.name, new Map(found.map(({ id, text }) => [id ?? '', text ?? null])))
  }
  return rows
}

/** By the source's `id`, since the key of a row may be anything. */
async function readRefusals({ from, pair }: Stand, cases: readonly NamedCase[]) {
  const names = cases.map(({ table }) => table)
  const rows = await pair.service.query(readQuarantine(pair.service.dialect.name, names, 1_000))
  const byTable = new Map<string, Map<string, string>>()
  for (const { tbl, key, error } of rows) {
    const one = cases.find(({ table }) => table === tbl)!
    const id = one.create.isKey ? await findId(from, one, key!) : (JSON.parse(key!) as string[])[0]!
    byTable.set(tbl!, new Map([...(byTable.get(tbl!) ?? []), [id, error ?? '']]))
  }
  return byTable
}

async function findId(from: AppDatabase, one: NamedCase, key: string): Promise<string> {
  const [text] = JSON.parse(key) as string[]
  const rows = await from.run(readTable(one, from.dialect))
  return rows.find((row) => row['text'] === text)?.['id'] ?? key
}
