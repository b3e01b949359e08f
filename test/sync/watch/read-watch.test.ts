import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { KeptFindings } from '../../../strangler/core/evidence-store.ts'
import { type MariaServer, startMariaServer } from '../../../strangler/infra/mariadb-server.ts'
import { createApplier } from '../../../strangler/sync/apply.ts'
import { checkTables } from '../../../strangler/sync/check-tables.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import { type DatabasePair, openPair, rolesOf } from '../../../strangler/sync/database-pair.ts'
import { installSync } from '../../../strangler/sync/install-sync.ts'
import type { TableRoute } from '../../../strangler/sync/mapping.ts'
import { TABLES } from '../../rollout/items.ts'
import { openSideDatabase, type SideDatabase } from '../../rollout/side-database.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { watchWith } from './read-memory.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 90_000

describe.each(['postgres', 'mariadb'] as const)(
  `who else reads the old tables on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let server: MariaServer | undefined
    let directory: string
    let monolith: SideDatabase
    let service: SideDatabase
    let pair: DatabasePair
    let routes: readonly TableRoute[]
    let version = 0

    beforeAll(async () => {
      if (isMissing) return
      if (kind === 'mariadb') {
        // The one that the tests share has no performance schema, as servers have none that nobody has told to.
        directory = await mkdtemp(join(tmpdir(), 'strangler-reads-'))
        const flags = ['--performance-schema=ON']
        server = await startMariaServer({ directory, program: mariadbd!.path, fsync: false, flags })
        vi.stubEnv('STRANGLER_TEST_MARIADB_URL', server.url)
      }
      monolith = await openSideDatabase(kind, 'monolith')
      service = await openSideDatabase(kind, 'service')
      const addresses = {
        monolith: { side: 'monolith', url: monolith.url },
        service: { side: 'items', url: service.url },
      }
      pair = await openPair(addresses, () => undefined)
      routes = (await checkTables(pair, TABLES, addresses)).routes.reverse
      await installSync(rolesOf(pair, 'reverse'), routes, { capability: 'items', tables: TABLES })
    }, SLOW_MS)
    afterAll(async () => {
      await pair?.stop()
      for (const side of [monolith, service]) {
        await side?.close()
        await side?.drop()
      }
      await server?.stop()
      vi.unstubAllEnvs()
      if (directory !== undefined) await rm(directory, { recursive: true, force: true })
    }, SLOW_MS)

    /** What the kit does there while the service owns: it applies, and now and then it compares. */
    async function work(target: SyncDatabase): Promise<void> {
      const [route] = routes
      const applier = createApplier({
        ...{ capability: 'items', installation: 'test', target, report: () => undefined },
        tables: routes.map((one) => one.target),
      })
      version += 1
      const cells: Record<string, string> = { id: '7', number: 'seed-7', hits: String(version) }
      const row = route!.target.columns.map((name) => cells[name] ?? null)
      const entry = { table: 'item', key: '["7"]', version: String(version), row }
      const head = { capability: 'items', installation: 'test', direction: 'reverse', epoch: 3 } as const
      const batch = { ...head, entries: [entry] }
      expect((await applier.apply(batch))?.done).toHaveLength(1)
      await target.query(target.dialect.readRange(route!.target, undefined, 100, 'applied'))
    }
    const counted = () => rolesOf(pair, 'reverse').target

    it.skipIf(isMissing)(
      'are not the kit itself, however busy it is; without its own count it would be taken for one',
      async () => {
        const { watch, reads } = watchWith(monolith.url)
        await watch.look()
        for (let turn = 0; turn < 20; turn += 1) {
          await Promise.all([work(counted()), watch.look()])
          await watch.look()
        }
        expect(reads()?.content.blind).toBeUndefined()
        expect(reads()?.content.found).toBeUndefined()
        expect(reads()?.content.quietMs).toBeGreaterThan(0)
        const uncounted = pair.monolith
        await vi.waitFor(
          async () => {
            await work(uncounted)
            await watch.look()
            expect(reads()?.content.found?.count).toBeGreaterThan(0)
          },
          { timeout: 30_000, interval: 600 },
        )
        await watch.stop()
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'is a report that runs while the kit works, also between two processes of the kit',
      async () => {
        const memory = { kept: {} as KeptFindings }
        const first = watchWith(monolith.url, memory)
        await first.watch.look()
        await first.watch.look()
        await first.watch.stop()
        const next = watchWith(monolith.url, memory)
        expect(memory.kept.reads?.content.found).toBeUndefined()
        // A session tells the server of what it has read once a second at most.
        await vi.waitFor(
          async () => {
            await Promise.all([work(counted()), monolith.rows()])
            await next.watch.look()
            expect(memory.kept.reads?.content.found?.tables).toEqual(['item'])
          },
          { timeout: 30_000, interval: 600 },
        )
        const found = memory.kept.reads?.content.found
        expect(found?.count).toBeGreaterThan(0)
        expect(memory.kept.reads?.content.quietMs).toBe(0)
        if (kind === 'postgres') expect(found?.by.join()).toContain('application (')
        await next.watch.stop()
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'is not a transaction of the kit that has failed',
      async () => {
        const { watch, reads } = watchWith(monolith.url)
        await watch.look()
        for (let turn = 0; turn < 5; turn += 1) {
          const broken = counted().transaction(async (run) => {
            await run({ sql: 'SELECT number FROM item', params: [] })
            throw new Error('The job is given up.')
          })
          await expect(broken).rejects.toThrow('given up')
          await work(counted())
          await watch.look()
          await watch.look()
        }
        expect(reads()?.content.found).toBeUndefined()
        await watch.stop()
      },
      SLOW_MS,
    )
  },
)

describe.skipIf(mariadbd === undefined)(`a MariaDB that counts no reads${sayMissing('mariadb')}`, () => {
  it('is told of, with what mends it', async () => {
    const monolith = await openSideDatabase('mariadb', 'monolith')
    const { watch, reads } = watchWith(monolith.url)
    try {
      await watch.look()
      expect(reads()?.content.blind).toEqual({
        because: 'performance_schema is off',
        mend: expect.stringContaining('performance_schema=ON'),
      })
    } finally {
      await watch.stop()
      await monolith.close()
      await monolith.drop()
    }
  })
})
