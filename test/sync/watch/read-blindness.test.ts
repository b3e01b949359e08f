import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type MariaServer, startMariaServer } from '../../../strangler/infra/mariadb-server.ts'
import { openSide } from '../../../strangler/sync/database-pair.ts'
import { openSideDatabase, type SideDatabase } from '../../rollout/side-database.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type ReadMemory, watchWith } from './read-memory.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000

async function lookOnce(url: string, memory?: ReadMemory) {
  const { watch, reads } = watchWith(url, memory)
  try {
    await watch.look()
    return reads()!.content
  } finally {
    await watch.stop()
  }
}

describe.skipIf(mariadbd === undefined)(
  `a MariaDB that does not count all reads${sayMissing('mariadb')}`,
  () => {
    let directory: string
    let server: MariaServer
    let monolith: SideDatabase

    const start = async (...flags: string[]) => {
      const port = server === undefined ? {} : { port: server.port }
      const wanted = { directory, program: mariadbd!.path, fsync: false, ...port }
      server = await startMariaServer({ ...wanted, flags: ['--performance-schema=ON', ...flags] })
    }
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'strangler-blind-'))
      await start()
      vi.stubEnv('STRANGLER_TEST_MARIADB_URL', server.url)
      monolith = await openSideDatabase('mariadb', 'monolith')
    }, SLOW_MS)
    afterAll(async () => {
      await monolith?.close()
      await server?.stop()
      vi.unstubAllEnvs()
      await rm(directory, { recursive: true, force: true })
    }, SLOW_MS)

    const everybody = `INSERT INTO performance_schema.setup_actors VALUES ('%', '%', '%', 'YES', 'YES')`
    const actors = 'performance_schema.setup_actors leaves out sessions'
    it.each([
      [
        'counts one user only',
        ['TRUNCATE performance_schema.setup_actors', everybody.replace(`'%', '%'`, `'%', 'kit'`)],
        ['TRUNCATE performance_schema.setup_actors', everybody],
        actors,
      ],
      [
        'counts all but one user',
        [`INSERT INTO performance_schema.setup_actors VALUES ('%', 'report', '%', 'NO', 'NO')`],
        [`DELETE FROM performance_schema.setup_actors WHERE USER = 'report'`],
        actors,
      ],
      [
        'leaves the database out',
        [
          `INSERT INTO performance_schema.setup_objects VALUES ('TABLE', DATABASE(), '%', 'NO', 'NO')`,
          `INSERT INTO performance_schema.setup_objects VALUES ('TABLE', DATABASE(), 'another', 'YES', 'YES')`,
        ],
        [`DELETE FROM performance_schema.setup_objects WHERE OBJECT_SCHEMA = DATABASE()`],
        'performance_schema.setup_objects leaves out the table item',
      ],
    ])(
      'that %s is told of, until it does',
      async (_what, spoil, mend, because) => {
        expect((await lookOnce(monolith.url)).blind).toBeUndefined()
        for (const statement of spoil) await monolith.query(statement)
        try {
          expect((await lookOnce(monolith.url)).blind?.because).toBe(because)
        } finally {
          for (const statement of mend) await monolith.query(statement)
        }
        expect((await lookOnce(monolith.url)).blind).toBeUndefined()
      },
      SLOW_MS,
    )

    it(
      'is told of while a session runs that it does not watch, by its user; one of the kit is none of these',
      async () => {
        const session = await monolith.begin()
        const watched = (to: string) =>
          session.query(
            `UPDATE performance_schema.threads SET INSTRUMENTED = '${to}' WHERE PROCESSLIST_ID = CONNECTION_ID()`,
          )
        await watched('NO')
        const { blind } = await lookOnce(monolith.url)
        expect(blind?.because).toBe('performance_schema does not count what 1 sessions read, of root')
        await watched('YES')
        await session.end('COMMIT')
        const kit = await openSide({ side: 'monolith', url: monolith.url }, () => undefined)
        try {
          await kit.transaction(async (run) => {
            await run(kit.dialect.reads.beginOwn())
            expect((await lookOnce(monolith.url)).blind).toBeUndefined()
            await run(kit.dialect.reads.endOwn(null))
          })
        } finally {
          await kit.stop()
        }
      },
      SLOW_MS,
    )

    it(
      'takes its quiet time with it when it is started anew, also while the kit is down: what was read before nobody knows',
      async () => {
        const memory: ReadMemory = { kept: {} }
        await lookOnce(monolith.url, memory)
        await delay(20)
        const before = await lookOnce(monolith.url, memory)
        expect(before).toMatchObject({ counters: { item: [0, 0] }, quietMs: expect.any(Number) })
        expect(before.quietMs).toBeGreaterThan(0)
        await delay(1_100)
        await monolith.rows()
        await server.stop()
        await start()
        const lookedAt = Date.now()
        const after = await lookOnce(monolith.url, memory)
        expect(after).toMatchObject({ counters: { item: [0, 0] }, quietMs: 0 })
        await delay(20)
        const { quietMs } = await lookOnce(monolith.url, memory)
        expect(quietMs).toBeLessThanOrEqual(Date.now() - lookedAt)
      },
      SLOW_MS,
    )

    it(
      'is told of when it had no room for what it should count',
      async () => {
        await server.stop()
        await start('--performance-schema-max-table-instances=1')
        await monolith.rows()
        const { blind } = await lookOnce(monolith.url)
        expect(blind?.because).toMatch(
          /^the server had no room to count all: .*performance_schema_table_instances_lost is \d/,
        )
      },
      SLOW_MS,
    )
  },
)

describe('a PostgreSQL whose counters are set back', () => {
  it(
    'takes its quiet time with it, though they have grown beyond what they were',
    async () => {
      const monolith = await openSideDatabase('postgres', 'monolith')
      const { watch, reads } = watchWith(monolith.url)
      try {
        await vi.waitFor(
          async () => {
            await watch.look()
            expect(reads()!.content.quietMs).toBeGreaterThan(0)
          },
          { timeout: 30_000, interval: 300 },
        )
        const before = reads()!.content
        await monolith.query('SELECT pg_stat_reset()')
        for (let turn = 0; turn < 50; turn += 1) await monolith.rows()
        await monolith.query('SELECT pg_stat_force_next_flush()')
        await vi.waitFor(
          async () => {
            await monolith.rows()
            const [row] = await monolith.query(
              `SELECT (seq_scan + coalesce(idx_scan, 0))::int AS reads FROM pg_stat_user_tables WHERE relname = 'item'`,
            )
            expect(row!['reads']).toBeGreaterThan(before.newest['item']![0])
          },
          { timeout: 30_000, interval: 300 },
        )
        await watch.look()
        expect(reads()!.content).toMatchObject({ quietMs: 0, suspected: {} })
      } finally {
        await watch.stop()
        await monolith.close()
        await monolith.drop()
      }
    },
    SLOW_MS,
  )
})
