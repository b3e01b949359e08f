import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type Backfill, type BackfillStatus, createBackfill } from '../../../strangler/sync/backfill.ts'
import { createDatabaseCheckpoints } from '../../../strangler/sync/checkpoint-store.ts'
import { openSyncDatabase, type SyncDatabase } from '../../../strangler/sync/database.ts'
import type { Dialect } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import {
  createSourceEnd,
  createTargetEnd,
  type SourceEnd,
  type TargetEnd,
} from '../../../strangler/sync/link.ts'
import { compileMapping, type TableRoute } from '../../../strangler/sync/mapping.ts'
import type { Transport } from '../../../strangler/sync/transport.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { type Faults, makeFaulty } from './faulty-transport.ts'
import type { FlushableTransport } from './memory-transport.ts'
import { createRandom } from './random.ts'
import { SCHEMA, SEED, TABLES } from './shop-schema.ts'
import { runWriter } from './writers.ts'

export interface Simulation {
  readonly seed: number
  readonly transport: FlushableTransport
  readonly faults: Faults
  readonly writers: number
  readonly durationMs: number
  /** How long everything may take to become the same after the last write. */
  readonly settleMs: number
  /** A part that works otherwise: for the negative controls. */
  readonly twist?: {
    source?(dialect: Dialect): Dialect
    sourceDatabase?(database: SyncDatabase): SyncDatabase
    target?(dialect: Dialect): Dialect
    /** Runs beside the writers, who end at `until` (epoch ms). */
    meddle?(url: string, until: number): Promise<void>
  }
}

export interface Outcome {
  readonly writes: number
  readonly missing: string[]
  readonly different: string[]
  readonly extra: string[]
  readonly logEntries: number
  readonly quarantined: readonly string[]
  readonly backfilled: boolean
  readonly backfill: BackfillStatus
  /** What was reported on the way, counted by operation. */
  readonly reports: Record<string, number>
}

const FLUSH_EVERY_MS = 1_700
const RESTART_EVERY_MS = 2_900

/** Writers on the source, the whole pipeline with its faults, then a comparison of every row. */
export async function simulate(options: Simulation): Promise<Outcome> {
  const [source, target] = await Promise.all([
    createTestDatabase('sim_source'),
    createTestDatabase('sim_target'),
  ])
  const reports: Record<string, number> = {}
  const report = (operation: string, error: unknown) => {
    const entry = `${operation}: ${error instanceof Error ? error.message.replaceAll(/\d+/g, 'N') : String(error)}`
    reports[entry] = (reports[entry] ?? 0) + 1
  }
  const stand = await openStand(options, { source: source.url, target: target.url, report })
  try {
    const writes = await drive(options, stand, source.url)
    await waitUntilSettled(stand, options.settleMs)
    // Copies that are still on their way must do no harm either.
    await delay(options.faults.longestDelayMs + 300)
    const { entries } = await stand.sourceEnd.status()
    const quarantined = (await stand.targetEnd().quarantine()).map((row) => Object.values(row).join(' '))
    const backfilled = stand.backfill.status().state === 'done'
    return {
      writes,
      ...(await compare(source.url, target.url)),
      logEntries: entries,
      quarantined,
      backfilled,
      backfill: stand.backfill.status(),
      reports,
    }
  } finally {
    await stand.stop()
    await Promise.all([source.drop(), target.drop()])
  }
}

interface Stand {
  readonly sourceEnd: SourceEnd
  targetEnd(): TargetEnd
  readonly backfill: Backfill
  restartTarget(): Promise<void>
  stop(): Promise<void>
}

interface Places {
  readonly source: string
  readonly target: string
  readonly report: (operation: string, error: unknown) => void
}

async function openStand(
  options: Simulation,
  { source: sourceUrl, target: targetUrl, report }: Places,
): Promise<Stand> {
  await runSql(sourceUrl, SCHEMA, SEED)
  await runSql(targetUrl, SCHEMA)
  const sourceDialect = options.twist?.source?.(postgresDialect) ?? postgresDialect
  const opened = await openSyncDatabase(sourceUrl, { dialect: sourceDialect, report })
  const source = options.twist?.sourceDatabase?.(opened) ?? opened
  const targetDialect = options.twist?.target?.(postgresDialect) ?? postgresDialect
  const target = await openSyncDatabase(targetUrl, { dialect: targetDialect, report })
  const routes = await install(source, target)
  const transport: Transport = makeFaulty(
    options.transport,
    options.faults,
    createRandom(options.seed ^ 0xfa17),
  )
  const basis = { capability: 'shop', direction: 'forward', epoch: 1, routes, transport, report } as const
  const backfill = createBackfill({ ...basis, source, checkpoints: createDatabaseCheckpoints(source) })
  const sourceEnd = createSourceEnd({
    ...basis,
    source,
    onSettled: backfill.settle,
    onQueueLost: backfill.resend,
  })
  let targetEnd = createTargetEnd({ ...basis, target })
  await Promise.all([sourceEnd.start(), targetEnd.start()])
  backfill.start()
  return {
    sourceEnd,
    backfill,
    targetEnd: () => targetEnd,
    async restartTarget() {
      await targetEnd.stop()
      targetEnd = createTargetEnd({ ...basis, target })
      await targetEnd.start()
    },
    async stop() {
      await Promise.all([backfill.stop(), sourceEnd.stop(), targetEnd.stop()])
      await transport.stop()
      await Promise.all([source.stop(), target.stop()])
    },
  }
}

async function install(source: SyncDatabase, target: SyncDatabase): Promise<TableRoute[]> {
  const monolith = await source.dialect.introspect(source.query, 'public', TABLES)
  const service = await target.dialect.introspect(target.query, 'public', TABLES)
  for (const sql of source.dialect.captureUp(monolith)) await source.query({ sql, params: [] })
  const guards = service.flatMap((table) => target.dialect.guard(table, 'reject'))
  for (const sql of [...target.dialect.targetUp(), ...guards]) await target.query({ sql, params: [] })
  return monolith.map((table) => {
    const there = service.find((candidate) => candidate.name === table.name)!
    const { forward, problems } = compileMapping({ table: table.name }, table, there)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return forward
  })
}

async function drive(options: Simulation, stand: Stand, sourceUrl: string): Promise<number> {
  const until = Date.now() + options.durationMs
  const isOver = () => Date.now() >= until
  const every = async (pauseMs: number, work: () => Promise<void>) => {
    while (!isOver()) {
      await delay(pauseMs)
      await work()
    }
  }
  const writers = Array.from({ length: options.writers }, (_, index) =>
    runWriter(sourceUrl, createRandom(options.seed + index), isOver),
  )
  const disturbances = [
    every(FLUSH_EVERY_MS, options.transport.flush),
    every(RESTART_EVERY_MS, stand.restartTarget),
    options.twist?.meddle?.(sourceUrl, until),
  ]
  await Promise.all(disturbances)
  return (await Promise.all(writers)).reduce((sum, count) => sum + count, 0)
}

async function waitUntilSettled(stand: Stand, settleMs: number): Promise<void> {
  const until = Date.now() + settleMs
  while (Date.now() < until) {
    const { entries } = await stand.sourceEnd.status()
    if (entries === 0 && stand.backfill.status().state === 'done') return
    await delay(50)
  }
}

async function compare(
  sourceUrl: string,
  targetUrl: string,
): Promise<Pick<Outcome, 'missing' | 'different' | 'extra'>> {
  const [there, here] = await Promise.all([readAll(sourceUrl), readAll(targetUrl)])
  const keys = [...there.keys()]
  return {
    missing: keys.filter((key) => !here.has(key)),
    different: keys.filter((key) => here.has(key) && here.get(key) !== there.get(key)),
    extra: [...here.keys()].filter((key) => !there.has(key)),
  }
}

const KEYS: Readonly<Record<string, string>> = {
  account: 'id',
  item: "account_id || '/' || position",
  audit: 'id',
  tag: 'code',
}

async function readAll(url: string): Promise<Map<string, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const rows = new Map<string, string>()
  for (const table of TABLES) {
    const sql = `SELECT ${KEYS[table]} AS key, ${table}::text AS row FROM ${table}`
    const read = await client.query<{ key: string; row: string }>(sql)
    for (const { key, row } of read.rows) rows.set(`${table} ${key}`, row)
  }
  await client.end()
  return rows
}

async function runSql(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const sql of statements) await client.query(sql)
  await client.end()
}
