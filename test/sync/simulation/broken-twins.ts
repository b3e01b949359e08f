import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import type { Dialect } from '../../../strangler/sync/dialect.ts'
import { VERSION } from '../../../strangler/sync/dialects/postgres/capture.ts'
import type { Simulation } from './run-simulation.ts'
import { ACCOUNTS } from './shop-schema.ts'

type Twist = NonNullable<Simulation['twist']>

/** The usual outbox: what lies behind the highest number that was ever read is not looked at again. */
export function cursorRelay(): Twist {
  const reads = new WeakMap<object, string>()
  const cursors = new Map<string, bigint>()
  const source = (dialect: Dialect): Dialect => ({
    ...dialect,
    readPending(columns, limit) {
      const statement = dialect.readPending(columns, limit)
      reads.set(statement, columns.table.name)
      return statement
    },
  })
  const sourceDatabase = (database: SyncDatabase): SyncDatabase => ({
    ...database,
    async query(statement) {
      const rows = await database.query(statement)
      const table = reads.get(statement)
      if (table === undefined) return rows
      const cursor = cursors.get(table) ?? 0n
      const versions = rows.map((row) => BigInt(row['version']!))
      cursors.set(table, [cursor, ...versions].toSorted((one, other) => (one < other ? -1 : 1)).at(-1)!)
      return rows.filter((_row, position) => versions[position]! > cursor)
    },
  })
  return { source, sourceDatabase }
}

/** Whatever comes last stays: no versions are compared and no tombstones kept. */
export const applyWithoutVersions: Twist = {
  target: (dialect) => ({
    ...dialect,
    claim: (entries) => [
      {
        sql: 'SELECT tbl, key FROM unnest($1::text[], $2::text[]) AS i(tbl, key)',
        params: [entries.map(({ table }) => table), entries.map(({ key }) => key)],
      },
    ],
  }),
}

/**
 * Asks for every row to be sent again, by entries made up beside the rows' locks, while a transaction that has written some of them is
 * still open. Near the end: a row that is written once more is right again.
 */
export const repairWithoutLock: Twist = {
  async meddle(url, until) {
    await delay(until - Date.now() - 2_000)
    const [application, repair] = [
      new pg.Client({ connectionString: url }),
      new pg.Client({ connectionString: url }),
    ]
    await Promise.all([application.connect(), repair.connect()])
    await application.query('BEGIN')
    // Rows that another transaction holds are left out, so that this one is never the victim of a deadlock.
    await application.query(`UPDATE account SET balance = balance + 1 WHERE id IN (
      SELECT id FROM account WHERE id % 3 = 0 FOR UPDATE SKIP LOCKED)`)
    await repair.query(`INSERT INTO strangler.change_log (version, tbl, key, op, at)
      SELECT ${VERSION}, 'account', '["' || n || '"]', 'U', clock_timestamp() FROM generate_series(1, ${ACCOUNTS}) n`)
    await delay(2_100)
    await application.query('COMMIT')
    await Promise.all([application.end(), repair.end()])
  },
}

/** Versions from a sequence of which every session takes many at a time: 32 in an application, more here, where little time passes. */
export const cachedSequence: Twist = {
  source: (dialect) => ({
    ...dialect,
    captureUp(tables) {
      const sequence = 'CREATE SEQUENCE strangler.version CACHE 1000'
      const [schema = '', ...rest] = dialect.captureUp(tables)
      return [schema, sequence, ...rest.map((sql) => sql.replaceAll(VERSION, `nextval('strangler.version')`))]
    },
  }),
}
