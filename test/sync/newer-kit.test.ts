import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { createSourceEnd, createTargetEnd } from '../../strangler/sync/link.ts'
import { compileMapping } from '../../strangler/sync/mapping.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { withoutWriters } from './older-kit.ts'
import { until } from './pipeline/open-pair.ts'
import { createMemoryTransport } from './simulation/memory-transport.ts'

const mariadbd = await requireProgram('mariadb')
const STOCK = 'CREATE TABLE stock (id int PRIMARY KEY, name varchar(9))'

describe.each(['postgres', 'mariadb'] as const)(
  'a newer kit beside what an older one has installed in %s',
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    const dialect = kind === 'postgres' ? postgresDialect : mariadbDialect
    let source: SyncDatabase
    let target: SyncDatabase
    let releases: (() => Promise<unknown>)[] = []
    const ask = (database: SyncDatabase, sql: string) => database.query({ sql, params: [] })
    const runAll = async (database: SyncDatabase, statements: readonly string[]) => {
      for (const sql of statements) await ask(database, sql)
    }

    async function open(): Promise<SyncDatabase> {
      const made = await (kind === 'postgres' ? createTestDatabase('newer') : createMariaDatabase('newer'))
      const database = await openSyncDatabase(made.url, { dialect })
      releases.push(made.drop, database.stop)
      await ask(database, STOCK)
      return database
    }
    async function readShape(database: SyncDatabase) {
      const [row] = await ask(
        database,
        `SELECT ${kind === 'postgres' ? 'current_schema()' : 'DATABASE()'} AS name`,
      )
      const [shape] = await dialect.introspect(database.query, row?.['name'] ?? '', ['stock'])
      return shape!
    }
    const columnsOfLog = async () =>
      (
        await ask(
          source,
          `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${kind === 'postgres' ? 'change_log' : 'strangler_change_log'}'
         AND table_schema = ${kind === 'postgres' ? "'strangler'" : 'DATABASE()'}`,
        )
      ).map(({ name }) => name)

    beforeEach(async () => {
      if (isMissing) return
      source = await open()
      target = await open()
      await runAll(source, withoutWriters(dialect.captureUp([await readShape(source)])))
      await runAll(target, dialect.targetUp())
    }, 60_000)
    afterEach(async () => {
      for (const release of releases.toReversed()) await release()
      releases = []
    })

    test.skipIf(isMissing)(
      'carries on: what waits in the log, and what the older triggers log after that',
      async () => {
        await ask(source, "INSERT INTO stock VALUES (1, 'waiting')")
        expect(await columnsOfLog()).not.toContain('traceparent')
        const routes = [
          compileMapping({ table: 'stock' }, await readShape(source), await readShape(target)).forward,
        ]
        const reports: unknown[] = []
        const report = (operation: string, error: unknown) => void reports.push([operation, String(error)])
        const transport = createMemoryTransport()
        const basis = {
          capability: 'shop',
          installation: 'test',
          direction: 'forward',
          epoch: 1,
          routes,
          transport,
          report,
        } as const
        const targetEnd = createTargetEnd({ ...basis, target })
        // Two processes begin at the same time.
        const ends = [1, 2].map(() => createSourceEnd({ ...basis, source }))
        releases.push(() => Promise.all([...ends, targetEnd].map((end) => end.stop())))
        await Promise.all([...ends, targetEnd].map((end) => end.start()))
        const names = async () =>
          (await ask(target, 'SELECT name FROM stock ORDER BY id')).map(({ name }) => name)
        await until(async () => (await names()).join() === 'waiting', 30_000)
        await ask(source, "INSERT INTO stock VALUES (2, 'later')")
        await until(async () => (await names()).join() === 'waiting,later', 30_000)
        await until(async () => (await ends[0]!.status()).entries === 0, 30_000)
        expect(reports).toEqual([])
        expect(await columnsOfLog()).toEqual(expect.arrayContaining(['role', 'traceparent']))
      },
      120_000,
    )

    test.skipIf(isMissing)('makes nothing where nothing is installed', async () => {
      const count = async () =>
        ask(
          target,
          `SELECT count(*) AS n FROM information_schema.tables WHERE table_name LIKE '%change_log' AND table_schema = ${kind === 'postgres' ? "'strangler'" : 'DATABASE()'}`,
        )
      await runAll(target, dialect.logUp())
      expect(await count()).toEqual([{ n: '0' }])
    })
  },
)
