import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ChangeBatch } from '../../strangler/core/sync-words.ts'
import { prepareTarget } from '../../strangler/sync/apply/prepare-target.ts'
import { type Applier, createApplier } from '../../strangler/sync/apply.ts'
import { claimDatabases, refuseForeign } from '../../strangler/sync/claim-database.ts'
import { openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import type { TableColumns } from '../../strangler/sync/dialect.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { requireProgram } from '../support/optional.ts'
import { createSide, kitTable, type Side } from './simulation/side.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000

describe.each(['postgres', 'mariadb'] as const)('a target on %s', (dialect) => {
  const isMissing = dialect === 'mariadb' && mariadbd === undefined
  let side: Side
  let target: SyncDatabase
  let tables: readonly TableColumns[]

  beforeAll(async () => {
    if (isMissing) return
    side = await createSide(dialect, 'claimed')
    await side.run('CREATE TABLE stock (sku varchar(20) PRIMARY KEY, qty integer)')
    target = await openSyncDatabase(side.url, {
      dialect: dialect === 'postgres' ? postgresDialect : mariadbDialect,
      report: () => undefined,
    })
    const schema = dialect === 'postgres' ? 'public' : new URL(side.url).pathname.slice(1)
    const [table] = await target.dialect.introspect(target.query, schema, ['stock'])
    tables = [{ table: table!, columns: ['sku', 'qty'] }]
    await prepareTarget(target, { capability: 'stock', installation: 'production' }, [table!])
  }, SLOW_MS)
  beforeEach(async () => {
    if (isMissing) return
    for (const name of ['applied', 'sync_state', 'checkpoint'])
      await side.run(`DELETE FROM ${kitTable(dialect, name)}`)
    await target.transaction(async (run) => {
      for (const statement of target.dialect.beginApply(['stock'])) await run(statement)
      await run({ sql: 'DELETE FROM stock', params: [] })
    })
  })
  afterAll(async () => {
    await target?.stop()
    await side?.drop()
  })

  const applierOf = (installation: string): Applier =>
    createApplier({ capability: 'stock', installation, target, tables, report: () => undefined })
  const batch = (installation: string, epoch: number, version: number, qty: number): ChangeBatch => ({
    ...{ capability: 'stock', installation, direction: 'forward', epoch },
    entries: [{ table: 'stock', key: '["A"]', version: String(version), row: ['A', String(qty)] }],
  })
  const quantity = async () => (await side.run('SELECT qty FROM stock'))[0]?.['qty']

  it.skipIf(isMissing)(
    'takes no job of another installation, of however high an epoch, and goes on with its own',
    async () => {
      const applier = applierOf('production')
      expect((await applier.apply(batch('production', 7, 10, 5)))?.done).toHaveLength(1)
      await expect(applier.apply(batch('staging', 40, 3, 999))).rejects.toMatchObject({
        code: 'STRANGLER_SYNC_FOREIGN',
        message: expect.stringMatching(/staging.*production/),
      })
      expect(String(await quantity())).toBe('5')
      expect((await applier.apply(batch('production', 7, 11, 6)))?.done).toHaveLength(1)
      expect(String(await quantity())).toBe('6')
    },
  )

  it.skipIf(isMissing)(
    'that one installation has is refused to another one’s applier; without the claim it would be written',
    async () => {
      await applierOf('production').apply(batch('production', 7, 10, 5))
      const theirs = applierOf('staging')
      await expect(theirs.apply(batch('staging', 40, 11, 999))).rejects.toMatchObject({
        code: 'STRANGLER_SYNC_FOREIGN',
        message: expect.stringContaining('belongs to the installation production'),
        fix: expect.stringContaining('strangler sync install stock --take-over'),
      })
      expect(String(await quantity())).toBe('5')
      await side.run(`DELETE FROM ${kitTable(dialect, 'checkpoint')}`)
      expect((await theirs.apply(batch('staging', 40, 11, 999)))?.done).toHaveLength(1)
    },
  )

  it.skipIf(isMissing)('taken over while an applier runs takes no further job of that one', async () => {
    const ours = applierOf('production')
    await ours.apply(batch('production', 7, 10, 5))
    await claimDatabases([target], { capability: 'stock', installation: 'staging' }, { takeOver: true })
    await expect(ours.apply(batch('production', 7, 11, 6))).rejects.toMatchObject({
      code: 'STRANGLER_SYNC_FOREIGN',
    })
    expect(String(await quantity())).toBe('5')
  })

  it.skipIf(isMissing)(
    'that an older backup has brought back without a claim is claimed anew by who writes there',
    async () => {
      const ours = applierOf('production')
      await ours.apply(batch('production', 7, 10, 5))
      await side.run(`DELETE FROM ${kitTable(dialect, 'checkpoint')}`)
      // The relay sends it again.
      await ours.apply(batch('production', 7, 11, 6)).catch(() => undefined)
      expect((await ours.apply(batch('production', 7, 11, 6)))?.done).toHaveLength(1)
      await expect(
        refuseForeign([target], { capability: 'stock', installation: 'staging' }),
      ).rejects.toMatchObject({ code: 'STRANGLER_SYNC_FOREIGN' })
    },
  )

  it.skipIf(isMissing)('goes to one of two that want it at the same moment', async () => {
    const claims = ['production', 'staging'].map((installation) =>
      claimDatabases([target], { capability: 'stock', installation }),
    )
    const ended = await Promise.allSettled(claims)
    expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it.skipIf(isMissing)('of another capability is another matter', async () => {
    await claimDatabases([target], { capability: 'stock', installation: 'production' })
    await claimDatabases([target], { capability: 'price', installation: 'staging' })
    await refuseForeign([target], { capability: 'stock', installation: 'production' })
  })
})
