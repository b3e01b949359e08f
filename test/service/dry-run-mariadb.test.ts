import type { Express } from 'express'
import type { DataSource } from 'typeorm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { createMariaDatabase, type MariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { type DryRunStand, startDryRunStand } from './dry-run-stand.ts'

const SCHEMA = [
  'CREATE TABLE item (id integer AUTO_INCREMENT PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, amount integer NOT NULL)',
  `INSERT INTO item (name, amount) VALUES ('first', 5)`,
]

function routes(app: Express, db: DataSource): void {
  app.post('/items/:name', async ({ params }, res) => {
    const count = await db.transaction(async (tx) => {
      await tx.query('INSERT INTO item (name, amount) VALUES (?, 1)', [params.name])
      const inner = tx.transaction(async (deeper) => {
        await deeper.query('UPDATE item SET amount = 99')
        throw new Error('only the inner one')
      })
      await inner.catch(() => undefined)
      return tx.query('SELECT name, amount FROM item ORDER BY id')
    })
    const again = await db
      .query('INSERT INTO item (name, amount) VALUES (?, 1)', [params.name])
      .catch((error) => error.driverError.code)
    res.json({ count, again })
  })
  app.post('/sly/:how', async ({ params }, res) => {
    const write = `INSERT INTO item (name, amount) VALUES ('sly', 1)`
    const statements: Record<string, string[]> = {
      commit: [write, 'COMMIT', write.replace('sly', 'sly2')],
      rollback: ['ROLLBACK', write],
      ddl: [write, 'CREATE TABLE sly (id integer)'],
      autocommit: [write, 'SET autocommit = 1'],
      lock: [write, 'LOCK TABLES item READ'],
      commented: [write, '/* well */ -- a\n COMMIT AND CHAIN'],
    }
    const runner = db.createQueryRunner()
    const results: unknown[] = []
    for (const sql of statements[params.how] ?? [])
      results.push(
        await runner.query(sql).then(
          () => 'done',
          (error) => error.driverError?.code ?? error.name,
        ),
      )
    await runner.release()
    res.json(results)
  })
  app.post('/lock', async (_req, res) => {
    await db.query(`UPDATE item SET amount = amount + 1 WHERE name = 'first'`)
    res.json({ done: true })
  })
}

describe.skipIf((await requireProgram('mariadb')) === undefined)('a dry run on MariaDB', () => {
  let database: MariaDatabase
  let stand: DryRunStand

  beforeAll(async () => {
    database = await createMariaDatabase('dry_run')
    stand = await startDryRunStand(
      { type: 'mariadb', url: database.url, poolSize: 4 },
      { schema: SCHEMA, routes },
    )
  })
  afterAll(async () => {
    await stand.stop()
    await database.drop()
  })

  it('answers as a real one would, and leaves nothing', async () => {
    const before = await stand.dump()
    const dry = await stand.shadow('POST', '/items/new')
    expect(await stand.dump()).toEqual(before)
    const real = await stand.call('POST', '/items/new')
    expect(dry).toEqual({ ...real, dryRun: 'rolled-back' })
    expect(real.body).toMatchObject({ again: 'ER_DUP_ENTRY', count: [{ name: 'first' }, { name: 'new' }] })
    expect(await stand.dump()).not.toEqual(before)
  })

  it.each([
    // Without a transaction of its own a COMMIT commits nothing, and what stands alone would have been kept already.
    ['commit', ['done', 'done', 'done']],
    ['rollback', ['done', 'done']],
    ['ddl', ['done', 'DryRunRefused']],
    ['autocommit', ['done', 'DryRunRefused']],
    ['lock', ['done', 'DryRunRefused']],
    ['commented', ['done', 'DryRunRefused']],
  ])('of a handler that is sly (%s) leaves nothing either', async (how, said) => {
    const before = await stand.dump()
    expect((await stand.shadow('POST', `/sly/${how}`)).body).toEqual(said)
    expect(await stand.dump()).toEqual(before)
  })

  it('says that it was busy where somebody holds a lock', async () => {
    const holder = stand.dataSource.createQueryRunner()
    await holder.startTransaction()
    await holder.query(`UPDATE item SET amount = 2 WHERE name = 'first'`)
    expect(await stand.shadow('POST', '/lock')).toMatchObject({ status: 500, dryRun: 'busy' })
    await holder.rollbackTransaction()
    await holder.release()
    expect(await stand.shadow('POST', '/lock')).toMatchObject({ status: 200, dryRun: 'rolled-back' })
  })

  it('passes the guards of a table that the other side owns, and its marker stays with it', async () => {
    const sync = await openSyncDatabase(database.url, { dialect: mariadbDialect })
    const [shape] = await mariadbDialect.introspect(sync.query, database.name, ['item'])
    for (const sql of mariadbDialect.guard(shape!, 'reject')) await sync.query({ sql, params: [] })
    expect(await stand.shadow('POST', '/lock')).toMatchObject({ status: 200, dryRun: 'rolled-back' })
    for (let i = 0; i < 6; i++) expect((await stand.call('POST', '/lock')).status).toBe(500)
    for (const sql of mariadbDialect.guard(shape!, 'off')) await sync.query({ sql, params: [] })
    await sync.stop()
  })
})
