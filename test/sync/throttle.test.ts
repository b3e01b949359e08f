import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { createThrottle, type ThrottleSettings } from '../../strangler/sync/throttle.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../support/postgres.ts'
import { openWatchedPair } from './watch/watched-pair.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000
let made: TestDatabase
let database: SyncDatabase
let pool: pg.Pool
let folder: string

beforeAll(async () => {
  made = await createTestDatabase('throttle')
  pool = openPool(made.url)
  database = await openSyncDatabase(made.url, { dialect: postgresDialect })
  folder = await mkdtemp(join(tmpdir(), 'strangler-throttle-'))
})
afterAll(async () => {
  await Promise.all([database.stop(), pool.end()])
  await made.drop()
  await rm(folder, { recursive: true, force: true })
})

const ask = (
  settings: ThrottleSettings,
  facts: { lagMs?: number; inFlight?: number; waiting?: number; queued?: number } = {},
) =>
  createThrottle({
    ...settings,
    databases: { monolith: database, service: database },
    readSource: async () => ({
      lagMs: facts.lagMs ?? 0,
      inFlight: facts.inFlight ?? 0,
      waiting: facts.waiting ?? 0,
    }),
    readQueuedJobs: async () => facts.queued ?? 0,
  })()

describe('a backfill', () => {
  it.each([
    [{ maxLagMs: 10_000 }, { lagMs: 10_001 }, 'the oldest live change is 10.0 s old (at most 10 s)'],
    [{ maxLagMs: 10_000 }, { lagMs: 10_000 }, undefined],
    // It may wait for a row that the backfill brings: both would wait for ever.
    [{ maxLagMs: 10_000 }, { lagMs: 10_001, waiting: 1 }, undefined],
    [
      { maxInFlight: 4_000 },
      { inFlight: 4_001 },
      '4001 live changes are on their way and go first (at most 4000)',
    ],
    [{ maxInFlight: 4_000 }, { inFlight: 4_000 }, undefined],
    [{ maxQueuedJobs: 10 }, { queued: 11 }, '11 jobs wait in the queue (at most 10)'],
    [{ maxQueuedJobs: 10 }, { queued: 10 }, undefined],
    [{}, { lagMs: 1e9, inFlight: 1e9, queued: 1e9 }, undefined],
  ])('with %j and %j waits for: %s', async (settings, facts, reason) => {
    expect(await ask(settings, facts)).toBe(reason)
  })

  it('waits while a file is there', async () => {
    const flagFile = join(folder, 'throttle')
    expect(await ask({ flagFile })).toBeUndefined()
    await writeFile(flagFile, '')
    expect(await ask({ flagFile })).toBe(`the file ${flagFile} is there`)
  })

  it('waits for a query of the operator’s own, and says what it gives', async () => {
    await pool.query('CREATE TABLE waiting AS SELECT generate_series(1, 7) AS n')
    const query = 'SELECT count(*) FROM waiting'
    const queries = (above: number) => [{ side: 'service' as const, query, above }]
    expect(await ask({ queries: queries(7) })).toBeUndefined()
    expect(await ask({ queries: queries(5) })).toBe(
      `the query "${query}" gives 7 in the database of the service (at most 5)`,
    )
  })

  it.each([
    [
      'SELECT 1 FROM nowhere',
      /^a query of `sync\.backfill\.queries` cannot be asked: .*"nowhere" does not exist/,
    ],
    [`SELECT 'much'`, /gives much, which is no number/],
    ['SELECT 1 WHERE false', /gives nothing, which is no number/],
  ])('waits while "%s" gives no number', async (query, reason) => {
    expect(await ask({ queries: [{ side: 'monolith', query, above: 5 }] })).toMatch(reason)
  })

  it('waits while more sessions are at work than shall be', async () => {
    expect(await ask({ maxActiveSessions: 1_000 })).toBeUndefined()
    const sleeping = pool.query('SELECT pg_sleep(100)').catch((error: Error) => error.message)
    await expect
      .poll(() => ask({ maxActiveSessions: 0 }), { timeout: 10_000 })
      .toMatch(/^\d+ sessions are at work in the database of the monolith \(at most 0\)$/)
    await pool.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(100)'`,
    )
    expect(await sleeping).toMatch(/canceling statement/)
  })

  it.skipIf(mariadbd === undefined)(
    'knows the load of a MariaDB too (skipped without mariadbd)',
    async () => {
      const maria = await createMariaDatabase('throttle')
      const opened = await openSyncDatabase(maria.url, { dialect: mariadbDialect })
      const [row] = await opened.query(mariadbDialect.survey.readLoad)
      expect(Number(row?.['active'])).toBeGreaterThanOrEqual(0)
      await opened.stop()
      await maria.drop()
    },
  )

  it(
    'names in the status what it waits for, and goes on when that is over',
    async () => {
      await pool.query(
        'CREATE TABLE stock AS SELECT n AS id FROM generate_series(1, 100) n; ALTER TABLE stock ADD PRIMARY KEY (id)',
      )
      const flagFile = join(folder, 'wired')
      await writeFile(flagFile, '')
      const pair = await openWatchedPair(made.url, { tables: [{ table: 'stock' }], throttle: { flagFile } })
      await pair.service.query('CREATE TABLE stock (id int PRIMARY KEY)')
      await pair.sync.install({ epoch: 1 })
      pair.backfill()
      await pair.until(({ running }) =>
        expect(running?.backfill).toMatchObject({
          state: 'running',
          rows: 0,
          throttled: `the file ${flagFile} is there`,
        }),
      )
      await rm(flagFile)
      await pair.until(({ running }) =>
        expect(running?.backfill).toMatchObject({ state: 'done', rows: 100, throttled: undefined }),
      )
      await pair.stop()
    },
    SLOW_MS,
  )
})
