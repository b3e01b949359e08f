import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../../strangler/infra/embedded-postgres.ts'
import { startMariaServer } from '../../../strangler/infra/mariadb-server.ts'
import { mariadbDialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { openConnection } from '../../support/mariadb.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { createTestDatabase, openClient } from '../../support/postgres.ts'
import { diagnoseTables } from './diagnose-tables.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000
const releases: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const release of releases.toReversed()) await release()
})

async function makeFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-doctor-'))
  releases.push(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function findAbout(monolith: string): Promise<string[]> {
  const service = await createTestDatabase('doctor_server')
  releases.push(service.drop)
  const findings = await diagnoseTables({ monolith, service: service.url }, ['fine'])
  return findings.filter(({ side }) => side === 'monolith').map(({ code, reason }) => `${code}: ${reason}`)
}

async function query(url: string, ...statements: string[]): Promise<pg.QueryResult> {
  const client = await openClient(url)
  try {
    for (const sql of statements.slice(0, -1)) await client.query(sql)
    return await client.query(statements.at(-1) ?? '')
  } finally {
    await client.end()
  }
}

it('finds on a real PostgreSQL what its statements are, and that it is a standby', {
  timeout: SLOW_MS,
}, async () => {
  const directory = await makeFolder()
  const flags = ['-c', 'shared_preload_libraries=pg_stat_statements']
  const primary = await startEmbeddedPostgres({ directory, flags, fsync: false })
  releases.push(primary.stop)
  const { rows } = await query(
    primary.url,
    'CREATE EXTENSION pg_stat_statements',
    'CREATE TABLE fine (id serial PRIMARY KEY)',
    'INSERT INTO fine DEFAULT VALUES',
    'SELECT lastval() AS newest',
    'SHOW data_directory',
  )
  const asPrimary = await findAbout(primary.url)
  expect(asPrimary).toContain('LASTVAL_USED: a statement uses lastval(): SELECT lastval() AS newest')
  expect(asPrimary).not.toContainEqual(expect.stringMatching(/^NOT_PRIMARY/))
  await primary.stop()
  await writeFile(join(rows[0].data_directory, 'standby.signal'), '')
  const standby = await startEmbeddedPostgres({ directory, flags, fsync: false })
  releases.push(standby.stop)
  expect(await findAbout(standby.url)).toContain('NOT_PRIMARY: the server is a standby')
})

it.skipIf(mariadbd === undefined)(
  `finds on a real MariaDB what its settings are${sayMissing('mariadb')}`,
  { timeout: SLOW_MS },
  async () => {
    const server = await startMariaServer({
      directory: await makeFolder(),
      program: mariadbd!.path,
      fsync: false,
      flags: [
        ...['--read-only', '--log-bin=bin', '--server-id=1', '--performance-schema=ON', '--sql-mode='],
        ...['--auto-increment-increment=2', '--innodb-lock-wait-timeout=2'],
      ],
    })
    releases.push(server.stop)
    const root = await openConnection(server.url)
    for (const sql of [
      'CREATE DATABASE shop',
      'USE shop',
      'CREATE TABLE fine (id INT PRIMARY KEY)',
      'REPLACE INTO fine VALUES (1)',
      'CREATE PROCEDURE newest() SELECT LAST_INSERT_ID()',
      `CREATE USER kit@'%' IDENTIFIED BY 'x'`,
      `GRANT ALL ON shop.* TO kit@'%'`,
      `GRANT SELECT ON performance_schema.* TO kit@'%'`,
    ])
      await root.query(sql)
    releases.push(() => root.end())
    const url = new URL(server.url)
    url.username = 'kit'
    url.password = 'x'
    url.pathname = '/shop'
    expect(await findAbout(url.href)).toEqual(
      expect.arrayContaining([
        'NOT_PRIMARY: the server is read-only',
        'MULTI_PRIMARY: the server numbers rows in steps, as several primaries do',
        'TRIGGERS_NEED_SUPER: the binary log is on, log_bin_trust_function_creators is off, and the kit’s user lacks SUPER',
        "SQL_MODE_LOOSE: sql_mode is '', without STRICT_TRANS_TABLES",
        'LOCK_WAIT_SHORT: innodb_lock_wait_timeout is 2 s',
        expect.stringMatching(/^REPLACE_USED: a statement does: REPLACE INTO/),
        'NOT_LOOKED_AT: of 1 routines the server does not show the kit’s user what they do',
      ]),
    )
    // What these two findings advise.
    await root.query(`GRANT SELECT ON mysql.proc TO kit@'%'`)
    await root.query('SET GLOBAL log_bin_trust_function_creators = 1')
    const mended = await findAbout(url.href)
    expect(mended).toContain('LASTVAL_USED: the routine newest uses LAST_INSERT_ID() or LASTVAL()')
    expect(mended).not.toContainEqual(expect.stringMatching(/^(TRIGGERS_NEED_SUPER|NOT_LOOKED_AT)/))
  },
)

/** What no server of this machine can be made to say, by the rows of those that say it. */
describe('what the pre-flight makes of a row', () => {
  it.each([
    [
      postgresDialect,
      'VERSION_TOO_OLD',
      { version: '12.22' },
      'the server is PostgreSQL 12.22, and 13 is the oldest that will do',
    ],
    [
      postgresDialect,
      'MULTI_PRIMARY',
      { name: 'spock' },
      'the extension spock is installed, which lets several servers take writes',
    ],
    [postgresDialect, 'SCHEDULED_JOBS', {}, 'pg_cron is installed: its jobs may write to these tables'],
    [
      mariadbDialect,
      'VERSION_TOO_OLD',
      { version: '8.0.44' },
      'the server is 8.0.44; MariaDB 10.6 is the oldest that will do',
    ],
    [
      mariadbDialect,
      'VERSION_TOO_OLD',
      { version: '10.5.29-MariaDB' },
      'the server is 10.5.29-MariaDB; MariaDB 10.6 is the oldest that will do',
    ],
    [mariadbDialect, 'VERSION_TOO_OLD', { version: '11.8.6-MariaDB' }, undefined],
    [
      mariadbDialect,
      'MULTI_PRIMARY',
      { state: 'is a node of a Galera cluster' },
      'the server is a node of a Galera cluster',
    ],
    [
      mariadbDialect,
      'MULTI_PRIMARY',
      { state: 'takes changes from another primary' },
      'the server takes changes from another primary',
    ],
  ] as const)('$0.name, %s of %o', (dialect, code, row, reason) => {
    const probe = dialect.survey.probes.find((one) => one.code === code)
    expect(probe?.tell(row)?.reason).toBe(reason)
  })
})
