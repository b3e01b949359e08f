import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { openReadStand, type ReadStand } from './read-stand.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(
  `100,000 rows on MariaDB, all of them pending${sayMissing('mariadb')}`,
  () => {
    let stand: ReadStand
    let item: TableShape
    let pair: TableShape
    beforeAll(async () => {
      stand = await openReadStand('read_cost')
      ;({ item, pair } = stand)
      await stand.runAll([
        'SET max_statement_time = 60',
        'SET @strangler_apply = 1',
        "INSERT INTO item SELECT seq, CONCAT('name ', seq) FROM seq_1_to_100000",
        "INSERT INTO pair SELECT CONCAT('c', seq), 'de', seq FROM seq_1_to_100000",
        "INSERT INTO strangler_change_log (tbl, `key`, op) SELECT 'item', CONCAT('[\"', seq, '\"]'), 'I' FROM seq_1_to_100000",
        "INSERT INTO strangler_change_log (tbl, `key`, op) SELECT 'pair', CONCAT('[\"c', seq, '\",\"de\"]'), 'I' FROM seq_1_to_100000",
        'ANALYZE TABLE item, pair, strangler_change_log',
        'SET max_statement_time = 5',
      ])
    }, 120_000)
    afterAll(() => stand?.close())

    const composite = () => ({ table: pair, columns: ['n'] })
    const keys = Array.from({ length: 100 }, (_, index) => `["c${index * 900 + 1}","de"]`)
    it.each<[string, () => Statement, number]>([
      ['what is pending', () => dialect.readPending({ table: item, columns: ['name', 'id'] }, 100), 100],
      ['what is pending by a composite key', () => dialect.readPending(composite(), 100), 100],
      [
        'what is pending but for those on their way',
        () =>
          dialect.readPending({ table: item, columns: ['name', 'id'] }, 100, { skip: ['["1"]', '["2"]'] }),
        100,
      ],
      ['a range', () => dialect.readRange({ table: item, columns: ['name', 'id'] }, ['50000'], 100), 100],
      ['a range by a composite key', () => dialect.readRange(composite(), ['c5', 'de'], 100), 100],
      ['given keys', () => dialect.readKeys(composite(), keys), 100],
    ])('reads %s through indexes', async (_, statement, expected) => {
      const { rows, reads } = await stand.countReads(statement())
      expect(rows).toHaveLength(expected)
      expect(reads).toBeLessThan(5_000)
    })

    it('deletes rows and entries through indexes', async () => {
      const acknowledged = keys.map((key) => ({ table: 'pair', key, version: '9223372036854775807' }))
      expect((await stand.countReads(dialect.deleteAcknowledged(acknowledged))).reads).toBeLessThan(5_000)
      expect((await stand.countReads(dialect.deleteRows(pair, keys))).reads).toBeLessThan(5_000)
      expect(await stand.app('SELECT COUNT(*) AS n FROM pair')).toEqual([{ n: '99900' }])
    })
  },
)
