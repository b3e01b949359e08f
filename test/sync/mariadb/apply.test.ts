import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ChangeEntry, TableShape } from '../../../strangler/core/sync-words.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(`applying on MariaDB${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  let item: TableShape
  let word: TableShape
  beforeAll(async () => {
    stand = await openMariaStand('apply')
    await stand.app(
      'CREATE TABLE item (id BIGINT AUTO_INCREMENT PRIMARY KEY, sku VARCHAR(20) UNIQUE, n INT, own VARCHAR(9) DEFAULT "mine")',
    )
    await stand.app(
      'CREATE TABLE word (word VARCHAR(20) PRIMARY KEY, n INT UNIQUE) COLLATE utf8mb4_general_ci',
    )
    await stand.app(
      'CREATE TABLE child (id INT PRIMARY KEY, item BIGINT, FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE)',
    )
    const [first, second] = await stand.shapes('item', 'word')
    item = first!
    word = second!
  })
  afterAll(() => stand?.close())
  beforeEach(async () => {
    await stand.runAll([...dialect.targetDown(), ...dialect.targetUp()])
    await stand.runLast(dialect.beginApply(['item', 'word', 'child']))
    await stand.runAll(['DELETE FROM item', 'DELETE FROM word', 'DELETE FROM child'])
  })

  const change = (key: string, version: string, row: ChangeEntry['row'] = ['1', 'a', '0']): ChangeEntry => ({
    table: 'item',
    key,
    version,
    row,
  })
  const claim = async (epoch: number, ...entries: ChangeEntry[]) =>
    (await stand.runLast(dialect.claim(entries, epoch))).map(({ key }) => key).sort()
  const upsert = (...rows: ChangeEntry['row'][]) =>
    stand.kit(
      dialect.upsert(
        { table: item, columns: ['id', 'sku', 'n'] },
        rows.map((row) => change(`["${row![0]}"]`, '1', row)),
      ),
    )
  const items = () => stand.app('SELECT id, sku, n FROM item ORDER BY id')

  describe('claim', () => {
    it('gives only what is strictly newer, as the pair of epoch and version', async () => {
      expect(await claim(1, change('["1"]', '5'), change('["2"]', '0'))).toEqual(['["1"]', '["2"]'])
      expect(await claim(1, change('["1"]', '5'), change('["2"]', '0'))).toEqual([])
      expect(await claim(1, change('["1"]', '4'), change('["2"]', '1'))).toEqual(['["2"]'])
      expect(await claim(2, change('["1"]', '0'))).toEqual(['["1"]'])
      expect(await claim(1, change('["1"]', '9223372036854775807'))).toEqual([])
      expect(await claim(2, change('["1"]', '9223372036854775807'))).toEqual(['["1"]'])
    })

    it('counts the newest of a key that comes twice, and gives it once', async () => {
      expect(await claim(1, change('["1"]', '5'), change('["1"]', '7'), change('["1"]', '6'))).toEqual([
        '["1"]',
      ])
      expect(await claim(1, change('["1"]', '7'))).toEqual([])
    })

    it('keeps a tombstone, and tells keys apart by case, by 4-byte characters and by spaces', async () => {
      const keys = ['["a"]', '["A"]', '["a "]', '["😀"]', '["😁"]']
      expect(await claim(1, ...keys.map((key) => change(key, '1', null)))).toHaveLength(keys.length)
      expect(await stand.app('SELECT COUNT(*) AS n FROM strangler_applied WHERE deleted')).toEqual([
        { n: '5' },
      ])
    })

    it('forgets what it claimed when the transaction is rolled back', async () => {
      await stand.runAll(['START TRANSACTION'])
      expect(await claim(1, change('["1"]', '5'))).toHaveLength(1)
      await stand.runAll(['ROLLBACK'])
      expect(await claim(1, change('["1"]', '5'))).toHaveLength(1)
    })

    it('respects the floor that a TRUNCATE left, and deletes what is not newer than it', async () => {
      await claim(1, change('["1"]', '5'), change('["2"]', '20'))
      await upsert(['1', 'a', '0'], ['2', 'b', '0'], ['3', 'c', '0'])
      const emptied: ChangeEntry = { table: 'item', key: '', version: '10', row: null, truncate: true }
      await stand.runLast(dialect.truncate(item, emptied, 1))
      expect((await items()).map(({ id }) => id)).toEqual(['2'])
      expect(await claim(1, change('["1"]', '9'), change('["3"]', '10'), change('["4"]', '11'))).toEqual([
        '["4"]',
      ])
      expect(await claim(2, change('["1"]', '0'))).toEqual(['["1"]'])
      // A late double with an older version lowers nothing.
      await stand.runLast(dialect.truncate(item, { ...emptied, version: '3' }, 1))
      expect(await claim(1, change('["5"]', '9'))).toEqual([])
    })
  })

  describe('upsert', () => {
    it('inserts and updates by the key, and leaves columns alone that are not synced', async () => {
      await upsert(['1', 'a', '1'])
      await stand.app("UPDATE item SET own = 'kept'")
      await upsert(['1', 'b', '2'], ['2', 'c', null])
      expect(await stand.app('SELECT * FROM item ORDER BY id')).toEqual([
        { id: '1', sku: 'b', n: '2', own: 'kept' },
        { id: '2', sku: 'c', n: null, own: 'mine' },
      ])
    })

    it('fails rather than touch another row that has the same unique value', async () => {
      await upsert(['1', 'a', '1'], ['2', 'b', '2'])
      const before = await items()
      await expect(upsert(['3', 'c', '3'], ['4', 'a', '9'])).rejects.toMatchObject({ errno: 1242 })
      await expect(upsert(['2', 'a', '9'])).rejects.toMatchObject({ errno: 1062 })
      expect(await items()).toEqual(before)
    })

    it('would overwrite the other row without the check: ON DUPLICATE KEY UPDATE takes any unique key', async () => {
      await upsert(['1', 'a', '1'])
      await stand.app(
        "INSERT INTO item (id, sku, n) VALUES (4, 'a', 9) ON DUPLICATE KEY UPDATE id = VALUES(id), n = VALUES(n)",
      )
      expect(await items()).toEqual([{ id: '4', sku: 'a', n: '9' }])
    })

    it('solves an exchange of unique values by deleting all and inserting all', async () => {
      await upsert(['1', 'a', '1'], ['2', 'b', '2'])
      await expect(upsert(['1', 'b', '1'], ['2', 'a', '2'])).rejects.toMatchObject({ errno: 1062 })
      await stand.kit(dialect.deleteRows(item, ['["1"]', '["2"]']))
      await upsert(['1', 'b', '1'], ['2', 'a', '2'])
      expect((await items()).map(({ sku }) => sku)).toEqual(['b', 'a'])
    })

    it('does not take a row for another whose key differs in case only', async () => {
      const write = (key: string) =>
        stand.kit(
          dialect.upsert({ table: word, columns: ['word', 'n'] }, [
            { table: 'word', key: JSON.stringify([key]), version: '1', row: [key, '1'] },
          ]),
        )
      await write('a')
      await expect(write('A')).rejects.toMatchObject({ errno: 1242 })
      await stand.kit(dialect.deleteRows(word, ['["A"]']))
      expect(await stand.app('SELECT word FROM word')).toEqual([{ word: 'a' }])
      await stand.kit(dialect.deleteRows(word, ['["a"]']))
      expect(await stand.app('SELECT word FROM word')).toEqual([])
    })

    it('takes children before their parent, and deletes a parent without deleting its children', async () => {
      const [child] = await stand.shapes('child')
      const row: ChangeEntry = { table: 'child', key: '["1"]', version: '1', row: ['1', '7'] }
      await stand.kit(dialect.upsert({ table: child!, columns: ['id', 'item'] }, [row]))
      await upsert(['7', 'a', '1'])
      await stand.kit(dialect.deleteRows(item, ['["7"]']))
      expect(await stand.app('SELECT id FROM child')).toEqual([{ id: '1' }])
    })
  })

  it('lets two appliers deliver the same batch at once: each key goes to one of them', async () => {
    const entries = Array.from({ length: 200 }, (_, index) => change(`["${index}"]`, '5'))
    const connections = [await stand.connect(), await stand.connect()]
    const claimed = await Promise.all(
      connections.map(async (connection) => {
        for (const sql of dialect.session()) await connection.query(sql)
        // As the applier's own: the gaps that a stricter level locks could let the two wait for each other.
        await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
        await connection.query('SET innodb_lock_wait_timeout = 10')
        await connection.beginTransaction()
        let keys: { key: string }[] = []
        for (const { sql, params } of dialect.claim(entries, 1)) {
          const [rows] = await connection.query(sql, [...params])
          keys = rows as unknown as { key: string }[]
        }
        await connection.commit()
        return keys.map(({ key }) => key)
      }),
    )
    expect(claimed.flat().sort()).toEqual(entries.map(({ key }) => key).sort())
  })

  it('leaves nothing in the target', async () => {
    await stand.runAll(dialect.targetDown([word]))
    await claim(1, change('["1"]', '5')).catch(() => undefined)
    await stand.runAll(dialect.targetDown([item]))
    expect(await stand.app("SHOW TABLES LIKE 'strangler%'")).toEqual([])
    await stand.runAll([...dialect.targetDown([item]), ...dialect.targetDown()])
  })
})
