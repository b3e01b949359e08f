import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { openReadStand, type ReadStand } from './read-stand.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(`reading on MariaDB${sayMissing('mariadb')}`, () => {
  let stand: ReadStand
  let item: TableShape
  let pair: TableShape
  beforeAll(async () => {
    stand = await openReadStand('read')
    ;({ item, pair } = stand)
  })
  afterAll(() => stand?.close())
  beforeEach(async () => {
    for (const table of ['item', 'pair']) await stand.app(`DELETE FROM ${table}`)
    await stand.takeLog()
  })

  const items = () => ({ table: item, columns: ['name', 'id'] })
  const pairs = () => ({ table: pair, columns: ['n'] })
  const pending = (limit = 100, skip: string[] = []) =>
    stand.kit(dialect.readPending(items(), limit, { skip }))

  describe('what is pending', () => {
    it('comes once per key, with the newest version and the row as it is now', async () => {
      await stand.app("INSERT INTO item VALUES (18446744073709551615, 'a'), (2, 'b')")
      await stand.app("UPDATE item SET name = '😀' WHERE id = 2")
      await stand.app('DELETE FROM item WHERE id = 18446744073709551615')
      const [newest] = await stand.app('SELECT MAX(version) AS version FROM strangler_change_log')
      expect(await pending()).toMatchObject([
        {
          key: '["18446744073709551615"]',
          op: 'D',
          oldest: expect.any(String),
          present: null,
          c0: null,
          c1: null,
          version: newest!['version'],
        },
        { key: '["2"]', op: 'U', present: '1', c0: '😀', c1: '2' },
      ])
    })

    it('is limited, oldest first, and leaves out what is to be skipped', async () => {
      await stand.app('INSERT INTO item (id) VALUES (1), (2), (3), (4)')
      const keys = (rows: { key?: string | null }[]) => rows.map(({ key }) => key)
      expect(keys(await pending(2))).toEqual(['["1"]', '["2"]'])
      expect(keys(await pending(2, ['["1"]', '["3"]']))).toEqual(['["2"]', '["4"]'])
    })

    it('says when the key first waited, in milliseconds', async () => {
      await stand.app('INSERT INTO item (id) VALUES (1)')
      await stand.runAll(['UPDATE strangler_change_log SET at = FROM_UNIXTIME(1700000000.5)'])
      await stand.app("UPDATE item SET name = 'x'")
      expect(await pending()).toMatchObject([{ at: '1700000000500' }])
    })

    it('finds the row of exactly this key, not one that the collation takes for the same', async () => {
      await stand.app("INSERT INTO pair VALUES ('é', 'de', 1)")
      await stand.app("UPDATE pair SET code = 'É'")
      const rows = await stand.kit(dialect.readPending(pairs(), 10))
      expect(rows).toMatchObject([
        { key: '["é","de"]', present: null },
        { key: '["É","de"]', present: '1', c0: '1' },
      ])
    })
  })

  it('deletes what is acknowledged up to its version, and nothing newer', async () => {
    await stand.app('INSERT INTO item (id) VALUES (1), (2)')
    await stand.app("UPDATE item SET name = 'x'")
    const rows = await stand.app('SELECT version, `key` FROM strangler_change_log ORDER BY version')
    const done = (index: number) => ({
      table: 'item',
      key: rows[index]!['key']!,
      version: rows[index]!['version']!,
    })
    await stand.kit(dialect.deleteAcknowledged([done(0), done(3)]))
    expect(await stand.takeLog()).toEqual(['U item ["1"]'])
    await stand.kit(dialect.deleteAcknowledged([]))
  })

  it('reads ranges in key order, each row with what is pending for it', async () => {
    await stand.app("INSERT INTO pair VALUES ('a', 'de', 1), ('a', 'en', 2), ('b', 'de', 3)")
    await stand.takeLog()
    await stand.app("UPDATE pair SET n = 9 WHERE lang = 'en'")
    const first = await stand.kit(dialect.readRange(pairs(), undefined, 2))
    expect(first).toMatchObject([
      { key: '["a","de"]', version: '0', c0: '1' },
      { key: '["a","en"]', c0: '9', version: expect.stringMatching(/^[1-9]/) },
    ])
    expect(await stand.kit(dialect.readRange(pairs(), ['a', 'de'], 9))).toHaveLength(2)
    expect(await stand.kit(dialect.readRange(pairs(), ['b', 'de'], 9))).toEqual([])
  })

  it('reads given keys in their order, present or not, with the version pending or applied', async () => {
    await stand.app("INSERT INTO item VALUES (1, 'a'), (2, 'b')")
    await stand.takeLog()
    await stand.runLast(dialect.claim([{ table: 'item', key: '["2"]', version: '7', row: ['b', '2'] }], 3))
    const keys = ['["2"]', '["5"]', '["1"]']
    expect(await stand.kit(dialect.readKeys(items(), keys))).toMatchObject([
      { key: '["2"]', version: '0', present: '1', c0: 'b' },
      { key: '["5"]', version: '0', present: null, c0: null },
      { key: '["1"]', version: '0', present: '1', c0: 'a' },
    ])
    const applied = await stand.kit(dialect.readKeys(items(), keys, 'applied'))
    expect(applied.map(({ version }) => version)).toEqual(['3:7', '0:0', '0:0'])
    const range = await stand.kit(dialect.readRange(items(), undefined, 9, 'applied'))
    expect(range.map(({ version }) => version)).toEqual(['0:0', '3:7'])
  })

  it('tells the lag', async () => {
    expect(await stand.kit(dialect.readLag([item]))).toMatchObject([{ age_ms: '0', entries: '0' }])
    await stand.app('INSERT INTO item (id) VALUES (1), (2)')
    await stand.runAll(['UPDATE strangler_change_log SET at = at - INTERVAL 5 SECOND'])
    const [lag] = await stand.kit(dialect.readLag([item, pair]))
    expect(lag!['entries']).toBe('2')
    expect(Number(lag!['age_ms'])).toBeGreaterThanOrEqual(5_000)
    expect(Math.abs(Number(lag!['now_ms']) - Date.now())).toBeLessThan(5_000)
    expect(Number(lag!['now_ms']) - Number(lag!['oldest_ms']) - Number(lag!['age_ms'])).toBeLessThan(1_000)
  })

  it('reads little however many entries a key has, although the server knows nothing yet about the log', async () => {
    await stand.app('INSERT INTO item SELECT seq, NULL FROM seq_1_to_100')
    await stand.runAll([
      "INSERT INTO strangler_change_log (tbl, `key`, op) SELECT 'item', CONCAT('[\"', 1 + seq MOD 100, '\"]'), 'U' FROM seq_1_to_6000",
    ])
    const reads = async (statement: Statement) => (await stand.countReads(statement)).reads
    expect(await reads(dialect.readPending(items(), 100))).toBeLessThan(5_000)
    const acknowledged = Array.from({ length: 100 }, (_, index) => ({
      table: 'item',
      key: `["${index + 1}"]`,
      version: '1',
    }))
    // Each of the keys' 6,100 entries once, and not once per key.
    expect(await reads(dialect.deleteAcknowledged(acknowledged))).toBeLessThan(10_000)
  })
})
