import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

/** What is in the database besides rows. */
const CATALOGUE = `SELECT TABLE_NAME AS entry FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
UNION ALL SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
UNION ALL SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME, ' ', COLUMN_TYPE) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1`

describe.skipIf(mariadbd === undefined)(`capture on MariaDB${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  beforeAll(async () => {
    stand = await openMariaStand('capture')
    await stand.app(
      `CREATE TABLE item (id BIGINT AUTO_INCREMENT PRIMARY KEY, sku VARCHAR(40) UNIQUE, n INT NOT NULL DEFAULT 0)`,
    )
    await stand.app(`CREATE TABLE text_key (code VARCHAR(40), lang CHAR(2), PRIMARY KEY (code, lang))`)
    await stand.app(`CREATE TABLE moment_key (at TIMESTAMP(6) PRIMARY KEY)`)
  })
  afterAll(() => stand?.close())
  beforeEach(async () => {
    await stand.capture('item', 'text_key', 'moment_key')
    for (const table of ['item', 'text_key', 'moment_key']) await stand.app(`DELETE FROM ${table}`)
    await stand.takeLog()
  })

  it('logs the key of each row that is inserted, changed or deleted', async () => {
    await stand.app("INSERT INTO item (id, sku) VALUES (1, 'a'), (2, 'b')")
    await stand.app('UPDATE item SET n = 5 WHERE id = 2')
    await stand.app('DELETE FROM item WHERE id = 1')
    expect(await stand.takeLog()).toEqual(['I item ["1"]', 'I item ["2"]', 'U item ["2"]', 'D item ["1"]'])
  })

  it('waits for nobody when it is installed once more, and makes anew what is not as it should be', async () => {
    const [insert] = await stand.app(
      `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_TABLE = 'item' AND EVENT_MANIPULATION = 'INSERT'`,
    )
    await stand.app('START TRANSACTION')
    await stand.app('INSERT INTO item (id) VALUES (1)')
    try {
      await stand.capture('item', 'text_key', 'moment_key')
    } finally {
      await stand.app('COMMIT')
    }
    await stand.app(
      `CREATE OR REPLACE TRIGGER ${insert?.['name']} AFTER INSERT ON item FOR EACH ROW SET @nothing = 1`,
    )
    await stand.app('INSERT INTO item (id) VALUES (2)')
    expect(await stand.takeLog()).toEqual(['I item ["1"]'])
    await stand.capture('item', 'text_key', 'moment_key')
    await stand.app('INSERT INTO item (id) VALUES (3)')
    expect(await stand.takeLog()).toEqual(['I item ["3"]'])
  })

  it('logs both keys when a key changes, also when only its case does', async () => {
    await stand.app("INSERT INTO text_key VALUES ('a', 'de')")
    await stand.takeLog()
    await stand.app("UPDATE text_key SET code = 'A'")
    expect(await stand.takeLog()).toEqual(['U text_key ["a","de"]', 'U text_key ["A","de"]'])
  })

  it('logs nothing of what was rolled back, and nothing of what the applier does', async () => {
    await stand.app('START TRANSACTION')
    await stand.app('INSERT INTO item (id) VALUES (7)')
    await stand.app('ROLLBACK')
    await stand.runLast(dialect.beginApply(['item']))
    await stand.runAll(['INSERT INTO item (id) VALUES (8)', 'SET @strangler_apply = NULL'])
    expect(await stand.takeLog()).toEqual([])
  })

  it('logs all rows that REPLACE and INSERT … ON DUPLICATE KEY UPDATE touch', async () => {
    await stand.app("INSERT INTO item (id, sku) VALUES (1, 'a'), (2, 'b')")
    await stand.takeLog()
    await stand.app("REPLACE INTO item (id, sku) VALUES (3, 'a')")
    expect(await stand.takeLog()).toEqual(['D item ["1"]', 'I item ["3"]'])
    await stand.app("INSERT INTO item (id, sku) VALUES (9, 'b') ON DUPLICATE KEY UPDATE n = n + 1")
    expect(await stand.takeLog()).toEqual(['U item ["2"]'])
    await stand.app("INSERT IGNORE INTO item (id, sku) VALUES (10, 'b')")
    expect(await stand.takeLog()).toEqual([])
  })

  it('leaves the last insert id and the row counts of the application as they are', async () => {
    const connection = await stand.connect()
    const insert = async () => (await connection.query("INSERT INTO item (sku) VALUES ('x'), ('y')"))[0]
    const lastId = async () => {
      const [rows] = await connection.query('SELECT LAST_INSERT_ID() AS last, MIN(id) AS first FROM item')
      return rows as unknown as [{ last: string; first: string }]
    }
    await stand.app('INSERT INTO text_key VALUES (1, 1), (2, 2), (3, 3)')
    expect(await insert()).toMatchObject({ affectedRows: 2 })
    const [{ last, first }] = await lastId()
    expect(last).toBe(first)
    const [updated] = await connection.query('UPDATE item SET n = 3')
    expect(updated).toMatchObject({ affectedRows: 2, changedRows: 2 })
    expect((await lastId())[0].last).toBe(first)
  })

  it('would notice a log that disturbed the last insert id', async () => {
    // The twin: an application's own insert into an AUTO_INCREMENT table does change it, so the test above can fail.
    const connection = await stand.connect()
    await connection.query("INSERT INTO item (sku) VALUES ('z')")
    await connection.query("INSERT INTO strangler_change_log (tbl, `key`, op) VALUES ('item', '', 'I')")
    const [rows] = await connection.query('SELECT LAST_INSERT_ID() AS last, MAX(id) AS id FROM item')
    const [{ last, id }] = rows as unknown as [{ last: string; id: string }]
    expect(last).not.toBe(id)
  })

  it.each([
    ['quotes and backslashes', 'a"b\\c/\'d'],
    ['control characters', Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)).join('')],
    ['four-byte characters', '😀𝄞é\u2028\u007f'],
  ])('writes keys as JSON.stringify does: %s', async (_, code) => {
    await stand.app('INSERT INTO text_key VALUES (?, ?)', [code, 'de'])
    expect(await stand.takeLog()).toEqual([`I text_key ${JSON.stringify([code, 'de'])}`])
  })

  it('writes an instant in UTC, whatever the time zone of the application', async () => {
    await stand.app("INSERT INTO moment_key VALUES ('2024-05-01 05:30:00.123456')")
    expect(await stand.takeLog()).toEqual(['I moment_key ["2024-05-01 00:00:00.123456"]'])
  })

  it('may be installed twice, and leaves nothing when it is taken down', async () => {
    const tables = await stand.shapes('item', 'text_key', 'moment_key')
    const installed = await stand.app(CATALOGUE)
    await stand.runAll(dialect.captureUp(tables))
    expect(await stand.app(CATALOGUE)).toEqual(installed)
    await stand.runAll(dialect.captureDown(tables))
    const bare = await stand.app(CATALOGUE)
    expect(bare.filter(({ entry }) => entry?.includes('strangler'))).toEqual([])
    expect(installed.length).toBeGreaterThan(bare.length)
    await stand.runAll(dialect.captureDown(tables))
  })

  it("keeps the log while another capability's triggers write to it", async () => {
    const [item, ...others] = await stand.shapes('item', 'text_key', 'moment_key')
    await stand.app('INSERT INTO item (id) VALUES (1)')
    await stand.app('INSERT INTO text_key VALUES (1, 1)')
    await stand.runAll(dialect.captureDown([item!]))
    await stand.app('INSERT INTO text_key VALUES (2, 2)')
    expect(await stand.takeLog()).toEqual(['I text_key ["1","1"]', 'I text_key ["2","2"]'])
    await stand.runAll(dialect.captureDown(others))
  })
})
