import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { postgresDryRun } from '../../strangler/service/dry-run/dry-run-dialect.ts'
import { openDryRunSession } from '../../strangler/service/dry-run/dry-run-session.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { asleep, leftBehind, routes, SCHEMA, sent } from './dry-run-handlers.ts'
import { type DryRunStand, signMark, startDryRunStand } from './dry-run-stand.ts'

let database: TestDatabase
let stand: DryRunStand

beforeAll(async () => {
  database = await createTestDatabase('dry_run')
  const options = { type: 'postgres', url: database.url, poolSize: 8 } as const
  stand = await startDryRunStand(options, { schema: SCHEMA, routes, timeoutMs: 2_000, atOnce: 2 })
})
afterAll(async () => {
  await stand.stop()
  await database.drop()
})
beforeEach(() => {
  sent.splice(0)
  asleep.splice(0)
})

/** Begun again while an earlier one, whose answer is here, still gives its connection back. */
async function runOnceFree(path: string) {
  for (;;) {
    const answer = await stand.shadow('POST', path)
    if (answer.dryRun !== 'busy') return answer
    await delay(20)
  }
}

/** What a dry run answers, and then the real one. */
async function compare(path: string) {
  const before = await stand.dump()
  const dry = await stand.shadow('POST', path)
  expect(await stand.dump()).toEqual(before)
  const real = await stand.call('POST', path)
  return { dry, real, before }
}

describe('a dry run', () => {
  it('answers as a real one would, and leaves the database and the world as they were', async () => {
    const { dry, real, before } = await compare('/items/third')
    expect(dry).toEqual({
      status: 201,
      dryRun: 'rolled-back',
      body: { row: { name: 'third', amount: 1 }, count: 3, answer: 'a stand-in', dry: true },
    })
    expect(real).toEqual({
      status: 201,
      dryRun: null,
      body: { ...dry.body, answer: 'a real answer', dry: false },
    })
    expect(sent).toEqual([{ name: 'third', amount: 1 }, 'who?'])
    expect(await stand.dump()).not.toEqual(before)
    await stand.dataSource.query(`DELETE FROM item WHERE name = 'third'`)
  })

  it.each(['/nested', '/throw', '/one-by-one', '/deferred', '/at-once', '/by-hand'])(
    'answers %s like the real one',
    async (path) => {
      const { dry, real, before } = await compare(path)
      expect({ ...dry, dryRun: null }).toEqual(real)
      expect(dry.dryRun).toBe('rolled-back')
      if (path !== '/throw') expect(await stand.dump()).not.toEqual(before)
      await stand.dataSource.query(`DELETE FROM part`)
      await stand.dataSource.query(`DELETE FROM item WHERE name NOT IN ('first', 'second')`)
    },
  )

  it.each([
    ['commit', ['2D000']],
    ['commit-and-go-on', ['2D000']],
    ['rollback-and-go-on', ['25P01', 'DryRunRefused']],
    ['rollback-and-write', ['25006']],
    ['block-and-commit', ['2D000']],
    ['check-and-commit', ['2D000', 'DryRunRefused']],
    ['writable-session', ['25P01', 'DryRunRefused', 'DryRunRefused']],
    ['prepared', ['done', 'DryRunRefused']],
  ])('of a handler that is sly (%s) leaves nothing either', async (how, said) => {
    const before = await stand.dump()
    const { body } = await stand.shadow('POST', `/sly/${how}`)
    expect(body).toEqual(said)
    expect(await stand.dump()).toEqual(before)
    // The connection is a good one again, or gone.
    for (let i = 0; i < 10; i++)
      expect((await stand.call('POST', `/items/after-${how}-${i}`)).status).toBe(201)
    await stand.dataSource.query(`DELETE FROM item WHERE name LIKE 'after-%'`)
  })

  it.each([
    [
      'without its fuse',
      (sql: string) => sql.replace(/; INSERT INTO strangler_dry_run.fuse.*/, ''),
      `INSERT INTO item (name, amount) VALUES ('sly', 1); COMMIT`,
    ],
    [
      'in a session that can write',
      (sql: string) => sql.replace(/^SET SESSION.*/, 'SELECT 1'),
      `SELECT 1; ROLLBACK; INSERT INTO item (name, amount) VALUES ('sly', 1)`,
    ],
  ])('%s would leave something', async (_name, weaken, sly) => {
    const before = await stand.dump()
    const session = await openDryRunSession({
      dialect: { ...postgresDryRun, begin: (limits) => postgresDryRun.begin(limits).map(weaken) },
      createRunner: (mode) => stand.dataSource.createQueryRunner(mode),
      lockTimeoutMs: 200,
      timeoutMs: 2_000,
      report: () => undefined,
    })
    await session
      .borrow()
      .query(sly)
      .catch(() => undefined)
    await session.end()
    expect(await stand.dump()).not.toEqual(before)
    await stand.dataSource.query(`DELETE FROM item WHERE name = 'sly'`)
  })

  it('does not make an id that a sync has brought, of which the counter knows nothing', async () => {
    const bring = `INSERT INTO item (id, name, amount) SELECT n, 'brought-' || n, 1 FROM generate_series($1::int, $2::int) n`
    const [{ last }] = await stand.dataSource.query('SELECT last_value::int AS last FROM item_id_seq')
    await stand.dataSource.query(bring, [last + 1, last + 50])
    const before = await stand.dump()
    expect(await stand.shadow('POST', '/items/own')).toMatchObject({ status: 201, dryRun: 'rolled-back' })
    expect(await stand.dump()).toEqual(before)
    // Twin: the counter as it was.
    await stand.dataSource.query('SELECT setval($1, $2)', ['item_id_seq', last])
    expect(await stand.call('POST', '/items/own')).toMatchObject({ status: 500, body: { error: '23505' } })
    await stand.dataSource.query(`DELETE FROM item WHERE name LIKE 'brought-%'`)
  })

  it('waits 200 ms for somebody’s lock, and says that it was busy', async () => {
    const holder = stand.dataSource.createQueryRunner()
    await holder.startTransaction()
    await holder.query(`UPDATE item SET amount = 2 WHERE name = 'first'`)
    const dry = await stand.shadow('POST', '/lock')
    expect(dry).toMatchObject({ status: 500, dryRun: 'busy', body: { error: '55P03' } })
    await holder.rollbackTransaction()
    await holder.release()
    expect(await stand.shadow('POST', '/lock')).toMatchObject({ status: 200, dryRun: 'rolled-back' })
  })

  it('cannot be written to by what a handler leaves behind', async () => {
    const before = await stand.dump()
    await stand.shadow('POST', '/leave-behind')
    await expect(leftBehind.pop()).rejects.toThrow('The dry run is over')
    expect(await stand.dump()).toEqual(before)
    await stand.call('POST', '/leave-behind')
    await leftBehind.pop()
    expect(await stand.dump()).not.toEqual(before)
    await stand.dataSource.query(`DELETE FROM item WHERE name = 'late'`)
  })

  it('that hangs is ended, its locks with it', async () => {
    const hanging = stand.shadow('POST', '/hang')
    await vi.waitFor(() => expect(asleep).toEqual(['with a lock']), 10_000)
    // It waits for the row that the first has locked.
    expect(await stand.shadow('POST', '/hang')).toMatchObject({ status: 500, dryRun: 'busy' })
    expect(await hanging).toMatchObject({ status: 503, dryRun: 'timeout' })
    expect((await stand.call('POST', '/lock')).status).toBe(200)
  })

  it('is not begun while a few others are under way', async () => {
    const sleeping = [runOnceFree('/sleep'), runOnceFree('/sleep')]
    await vi.waitFor(() => expect(asleep).toEqual(['without', 'without']), 10_000)
    expect(await stand.shadow('POST', '/items/x')).toMatchObject({ status: 503, dryRun: 'busy' })
    for (const ended of await Promise.all(sleeping)) expect(ended).toMatchObject({ dryRun: 'timeout' })
    expect(await runOnceFree('/items/x')).toMatchObject({ status: 201 })
  })
})

describe('the mark of a shadow request', () => {
  it('on a read says that writes could be run dry; effects are guarded, and nothing else changes', async () => {
    const real = await stand.call('GET', '/items')
    expect(sent).toEqual(['read'])
    const shadow = await stand.call('GET', '/items', signMark('s-7'))
    expect(shadow).toEqual({
      status: 200,
      dryRun: 'ready',
      body: { ...real.body, context: expect.objectContaining({ id: 's-7', isDryRun: false }) },
    })
    expect(sent).toEqual(['read'])
  })

  it('that is not the kit’s is refused before anything is done', async () => {
    const before = await stand.dump()
    const [id, expiresAt = '0', signature] = signMark().split('.')
    for (const mark of [
      'yes',
      `${id}.${Number(expiresAt) + 1}.${signature}`,
      `other.${expiresAt}.${signature}`,
      '',
    ])
      expect(await stand.call('POST', '/items/forged', mark)).toMatchObject({
        status: 403,
        dryRun: 'refused',
      })
    expect(await stand.dump()).toEqual(before)
  })
})
