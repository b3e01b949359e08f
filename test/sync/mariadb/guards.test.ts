import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')
const LONG = `a_table_with_a_name_of_sixty_four_characters_${'x'.repeat(19)}`

describe.skipIf(mariadbd === undefined)(`guards on MariaDB${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  let item: TableShape
  let long: TableShape
  beforeAll(async () => {
    stand = await openMariaStand('guards')
    await stand.app(
      'CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(20), data VARBINARY(9), at TIMESTAMP(6) NULL)',
    )
    await stand.app(`CREATE TABLE ${LONG} (id INT PRIMARY KEY)`)
    const shapes = await stand.shapes('item', LONG)
    item = shapes.find(({ name }) => name === 'item')!
    long = shapes.find(({ name }) => name === LONG)!
  })
  afterAll(() => stand?.close())
  beforeEach(async () => {
    await stand.runAll([...dialect.guard(item, 'off'), 'DELETE FROM item'])
    await stand.app("INSERT INTO item (id, name) VALUES (1, 'a')")
  })

  it.each([
    'INSERT INTO item (id) VALUES (2)',
    "UPDATE item SET name = 'b'",
    'DELETE FROM item',
    'REPLACE INTO item (id) VALUES (1)',
  ])('refuses a write, naming the kit and the table: %s', async (sql) => {
    await stand.runAll(dialect.guard(item, 'reject'))
    await expect(stand.app(sql)).rejects.toMatchObject({
      sqlState: '45000',
      message: expect.stringMatching(/^Strangler: table item /),
    })
    expect(await stand.app('SELECT id, name FROM item')).toEqual([{ id: '1', name: 'a' }])
  })

  it('lets the applier and a dry run through', async () => {
    await stand.runAll(dialect.guard(item, 'reject'))
    for (const marker of ['@strangler_apply', '@strangler_dry_run']) {
      await stand.runAll([`SET ${marker} = 1`, "UPDATE item SET name = 'b'", `SET ${marker} = NULL`])
    }
    await expect(stand.app("UPDATE item SET name = 'c'")).rejects.toMatchObject({ errno: 1644 })
  })

  it('waits for nobody where it stands already, also as a fenced step of a cut-over', async () => {
    await stand.runAll(dialect.guard(item, 'reject'))
    const reader = await stand.connect()
    await reader.beginTransaction()
    await reader.query('SELECT * FROM item')
    await stand.runAll([
      'CREATE TABLE IF NOT EXISTS strangler_checkpoint (name varchar(200) PRIMARY KEY, state text NOT NULL)',
      dialect.raiseToken(1, { name: 'step', lines: [] }),
      dialect.whileStanding(
        { name: 'step', lines: [{ name: 'step', state: '1' }] },
        dialect.guard(item, 'reject'),
      ),
      ...dialect.guard(item, 'reject'),
    ])
    // The twin: what has to be made waits for the reader, and gives up.
    await expect(stand.runAll(dialect.guard(item, 'report'))).rejects.toMatchObject({ errno: 1205 })
    await reader.rollback()
    await expect(stand.app("UPDATE item SET name = 'b'")).rejects.toMatchObject({ sqlState: '45000' })
    await stand.runAll(['DROP TABLE strangler_checkpoint'])
  })

  it('stops a transaction that began before it', async () => {
    const early = await stand.connect()
    await early.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await early.beginTransaction()
    await early.query(`SELECT * FROM ${LONG}`)
    await stand.runAll(dialect.guard(item, 'reject'))
    await expect(early.query("UPDATE item SET name = 'b'")).rejects.toMatchObject({ sqlState: '45000' })
    await early.rollback()
  })

  it('reports a write with what the row was and became, and lets it pass', async () => {
    await stand.runAll(dialect.guard(item, 'report'))
    await stand.app("INSERT INTO item VALUES (2, '\"😀\"', x'00ff', '2024-01-01 05:30:00.000001')")
    await stand.app('UPDATE item SET id = 3 WHERE id = 1')
    await stand.app('DELETE FROM item WHERE id = 3')
    const first = { id: '1', name: 'a', data: null, at: null }
    const moved = { ...first, id: '3' }
    const rows = await stand.app(
      'SELECT op, `key`, before_row, after_row FROM strangler_stray_write ORDER BY id',
    )
    expect(
      rows.map(({ op, key, before_row, after_row }) => [
        op,
        key,
        JSON.parse(before_row ?? 'null'),
        JSON.parse(after_row ?? 'null'),
      ]),
    ).toEqual([
      ['I', '["2"]', null, { id: '2', name: '"😀"', data: '00ff', at: '2024-01-01 00:00:00.000001' }],
      ['U', '["1"]', first, moved],
      ['D', '["3"]', moved, null],
    ])
    await stand.runAll(dialect.guard(item, 'reject'))
    await expect(stand.app('DELETE FROM item')).rejects.toMatchObject({ sqlState: '45000' })
  })

  it('fits tables with the longest names, and leaves nothing when it is off', async () => {
    for (const mode of ['reject', 'report', 'off'] as const) await stand.runAll(dialect.guard(long, mode))
    await stand.runAll([...dialect.captureUp([long]), ...dialect.captureDown([long])])
    await stand.runAll([...dialect.guard(item, 'off'), ...dialect.targetDown()])
    expect(await stand.app('SHOW TRIGGERS')).toEqual([])
    expect(await stand.app("SHOW TABLES LIKE 'strangler%'")).toEqual([])
  })
})
