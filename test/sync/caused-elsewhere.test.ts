import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ChangeBatch } from '../../strangler/core/sync-words.ts'
import { applyInService } from '../../strangler/sync/apply/apply-in-service.ts'
import { createApplier } from '../../strangler/sync/apply.ts'
import { openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { compileMapping } from '../../strangler/sync/mapping.ts'
import { repair } from '../../strangler/sync/repair.ts'
import type { Transport } from '../../strangler/sync/transport.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { allColumns } from './postgres/stand.ts'

// The products belong to the service already, so its changes are applied here. The reviews and the notes are other capabilities',
// whose writes are taken here and carried the other way.

const mariadbd = await requireProgram('mariadb')

const TABLES = ['product', 'picture', 'review', 'note', 'a product', 'products']

interface Kind {
  readonly schema: readonly string[]
  readonly open: () => Promise<{ url: string; drop(): Promise<void> }>
  readonly dialect: SyncDatabase['dialect']
  readonly log: string
  readonly marker: (value: string) => string
  /** What the delete of product 1 takes along, which MariaDB leaves alone: an applier's session has no foreign keys. */
  readonly cascades: readonly string[]
}

const SHARED = [
  'CREATE TABLE product (id int PRIMARY KEY, name varchar(20))',
  'CREATE TABLE picture (id int PRIMARY KEY, product int, FOREIGN KEY (product) REFERENCES product (id) ON DELETE CASCADE)',
  'CREATE TABLE review (id int PRIMARY KEY, product int, FOREIGN KEY (product) REFERENCES product (id) ON DELETE CASCADE)',
  'CREATE TABLE note (id int PRIMARY KEY, what varchar(20))',
]

const KINDS: Record<'postgres' | 'mariadb', Kind> = {
  postgres: {
    schema: [
      ...SHARED,
      'CREATE TABLE "a product" (id int PRIMARY KEY)',
      'CREATE TABLE "products" (id int PRIMARY KEY)',
      `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO note SELECT count(*) + 1, TG_OP FROM note;
  INSERT INTO "a product" SELECT count(*) + 1 FROM "a product";
  INSERT INTO "products" SELECT count(*) + 1 FROM "products";
  RETURN NULL;
END $$`,
      'CREATE TRIGGER tell AFTER UPDATE ON product FOR EACH ROW EXECUTE FUNCTION tell()',
    ],
    open: () => createTestDatabase('elsewhere'),
    dialect: postgresDialect,
    log: 'strangler.change_intake',
    marker: (value) => `SET LOCAL strangler.apply = '${value}'`,
    cascades: ['D review ["10"]'],
  },
  mariadb: {
    schema: [
      ...SHARED,
      'CREATE TABLE `a product` (id int PRIMARY KEY)',
      'CREATE TABLE products (id int PRIMARY KEY)',
      `CREATE TRIGGER tell AFTER UPDATE ON product FOR EACH ROW BEGIN
  INSERT INTO note SELECT count(*) + 1, 'UPDATE' FROM note;
  INSERT INTO \`a product\` SELECT count(*) + 1 FROM \`a product\`;
  INSERT INTO products SELECT count(*) + 1 FROM products;
END`,
    ],
    open: () => createMariaDatabase('elsewhere'),
    dialect: mariadbDialect,
    log: 'strangler_change_log',
    marker: (value) => `SET @strangler_apply = ${value}`,
    cascades: [],
  },
}

const ALL_UPDATES = ['I a product ["1"]', 'I note ["1"]', 'I products ["1"]']

const OURS = { capability: 'products', installation: 'test' }

describe.each(['postgres', 'mariadb'] as const)('%s', (name) => {
  const kind = KINDS[name]
  const { dialect } = kind
  const isHere = name === 'postgres' || mariadbd !== undefined
  let database: SyncDatabase
  let opened: Awaited<ReturnType<Kind['open']>>
  const run = (sql: string) => database.query({ sql, params: [] })
  const runAll = async (statements: readonly string[]) => {
    for (const sql of statements) await run(sql)
  }
  const quote = (table: string) => (name === 'postgres' ? `"${table}"` : `\`${table}\``)
  const shapes = async (...names: string[]) => {
    const schema = name === 'postgres' ? 'public' : new URL(opened.url).pathname.slice(1)
    return dialect.introspect(database.query, schema, names)
  }
  const readLog = async () =>
    (await run(`SELECT op, tbl, ${name === 'postgres' ? 'key' : '`key`'} AS k FROM ${kind.log}`))
      .map((row) => `${row['op']} ${row['tbl']} ${row['k']}`)
      .sort()
  const batchOf = (entries: ChangeBatch['entries'], epoch = 1): ChangeBatch => ({
    ...{ capability: 'products', installation: 'test', direction: 'reverse', epoch, entries },
  })
  const renamed = { table: 'product', key: '["2"]', version: '6', row: ['2', 'changed'] }
  const deleted = { table: 'product', key: '["1"]', version: '5', row: null }

  beforeAll(async () => {
    if (!isHere) return
    opened = await kind.open()
    // One connection: what a MariaDB session was told last stays with it.
    database = await openSyncDatabase(opened.url, { dialect, poolSize: 1 })
    await runAll(kind.schema)
    await runAll([...dialect.captureUp(await shapes(...TABLES)), ...dialect.targetUp()])
  })
  afterAll(async () => {
    await database?.stop()
    await opened?.drop()
  })
  beforeEach(async () => {
    if (!isHere) return
    if (name === 'mariadb') await runAll(dialect.endTrial().map(({ sql }) => sql))
    for (const table of [...TABLES].reverse()) await run(`DELETE FROM ${quote(table)}`)
    await runAll([
      "INSERT INTO product VALUES (1, 'a'), (2, 'b')",
      'INSERT INTO picture VALUES (10, 1)',
      'INSERT INTO review VALUES (10, 1), (20, 2)',
      `DELETE FROM ${name === 'postgres' ? 'strangler.applied' : 'strangler_applied'}`,
      `DELETE FROM ${kind.log}`,
    ])
  })

  test.skipIf(!isHere)(
    'what an applied change causes in the tables of other capabilities is logged, and itself is not',
    async () => {
      const tables = (await shapes('product', 'picture')).map(allColumns)
      const applier = createApplier({ ...OURS, target: database, tables, report: fail })
      const gone = { table: 'picture', key: '["10"]', version: '4', row: null }
      const result = await applier.apply(batchOf([gone, deleted, renamed]))
      expect(result?.quarantined).toEqual([])
      expect(await readLog()).toEqual([...kind.cascades, ...ALL_UPDATES].sort())
      // Nobody who would have to be named before a cut-over.
      expect(await database.query(dialect.readWriters(TABLES))).toEqual([])
    },
  )

  test.skipIf(!isHere)('a write of the application by the same connection is logged as ever', async () => {
    const tables = (await shapes('product')).map(allColumns)
    await createApplier({ ...OURS, target: database, tables, report: fail }).apply(batchOf([]))
    if (name === 'mariadb') await runAll(dialect.endTrial().map(({ sql }) => sql))
    await run("UPDATE product SET name = 'x' WHERE id = 2")
    expect(await readLog()).toEqual([...ALL_UPDATES, 'U product ["2"]'])
  })

  test.skipIf(!isHere)('so it is with what a repair causes', async () => {
    const [product] = await shapes('product')
    const other = await kind.open()
    const source = await openSyncDatabase(other.url, { dialect })
    try {
      for (const sql of [SHARED[0]!, "INSERT INTO product VALUES (1, 'a'), (2, 'right')"])
        await source.query({ sql, params: [] })
      for (const sql of dialect.captureUp([product!])) await source.query({ sql, params: [] })
      const routes = [compileMapping({ table: 'product' }, product!, product!).forward]
      const basis = { capability: 'products', epoch: 1, source, target: database, routes }
      expect(await repair(basis, [{ table: 'product', key: '["2"]' }])).toMatchObject([
        { outcome: 'repaired' },
      ])
      expect(await readLog()).toEqual(ALL_UPDATES)
    } finally {
      await source.stop()
      await other.drop()
    }
  })

  test.skipIf(!isHere)(
    'triggers of an earlier kit miss it until the next install (the broken twin), and nothing echoes before or after',
    async () => {
      const statements = dialect.captureUp(await shapes(...TABLES))
      await runAll(statements.map(asBefore))
      const tables = (await shapes('product')).map(allColumns)
      const applier = createApplier({ ...OURS, target: database, tables, report: fail })
      await applier.apply(batchOf([renamed]))
      expect(await readLog()).toEqual([])
      await runAll(statements)
      await applier.apply(batchOf([{ ...renamed, version: '7' }]))
      expect(await readLog()).toEqual(ALL_UPDATES.map((entry) => entry.replace('"1"', '"2"')))
    },
  )

  test.skipIf(!isHere)('an applier of an earlier kit beside the new triggers echoes nothing', async () => {
    await database.transaction(async (inside) => {
      for (const sql of [kind.marker('1'), "UPDATE product SET name = 'x' WHERE id = 2"])
        await inside({ sql, params: [] })
    })
    expect(await readLog()).toEqual([])
  })

  test.skipIf(!isHere)(
    'a job of the applier inside the service that names one table silences all of its capability',
    async () => {
      let take: ((batch: ChangeBatch) => Promise<void>) | undefined
      const transport = {
        receiveBatches: (lane: string, handle: typeof take) => {
          if (lane === 'apply') take = handle
          return { stop: async () => undefined }
        },
        sendResults: async () => undefined,
        putNotice: async () => undefined,
        stop: async () => undefined,
      } as unknown as Transport
      const running = await applyInService({
        ...{ ...OURS, target: database, transport, announceEveryMs: 60_000, report: fail },
        readTables: () => shapes('product', 'picture', 'note'),
        traceApply: (_batch, work) => work(),
      })
      await take?.({ ...batchOf([deleted, renamed]), columns: { product: ['id', 'name'] } })
      await running.stop()
      expect(await readLog()).toEqual([...kind.cascades, 'I products ["1"]', 'I a product ["1"]'].sort())
    },
  )

  test.skipIf(!isHere)(
    'the guards of other capabilities let through what an applied change causes',
    async () => {
      const guarded = await shapes('note', 'review')
      await runAll(guarded.flatMap((table) => dialect.guard(table, 'reject')))
      const tables = (await shapes('product', 'picture')).map(allColumns)
      const applier = createApplier({ ...OURS, target: database, tables, report: fail })
      const result = await applier.apply(
        batchOf([{ table: 'picture', key: '["10"]', version: '4', row: null }, deleted, renamed]),
      )
      await runAll(guarded.flatMap((table) => dialect.guard(table, 'off')))
      expect(result?.quarantined).toEqual([])
    },
  )
})

/** Triggers that are silent for whatever an applier's session does. */
function asBefore(statement: string): string {
  return statement
    .replace(/IF [^\n]*strpos[^\n]* THEN/g, 'IF true THEN')
    .replace(/@strangler_apply IS NULL OR \(LOCATE[^\n]*\) THEN/g, '@strangler_apply IS NULL THEN')
}

function fail(operation: string, error: unknown): void {
  throw new Error(operation, { cause: error })
}
