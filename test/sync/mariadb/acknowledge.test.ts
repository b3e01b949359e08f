import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(
  `acknowledging on MariaDB beside open transactions${sayMissing('mariadb')}`,
  () => {
    let stand: MariaStand
    let open: Connection
    beforeAll(async () => {
      stand = await openMariaStand('acknowledge')
      await stand.app('CREATE TABLE page (id INT PRIMARY KEY, note VARCHAR(20))')
      await stand.app('INSERT INTO page SELECT seq, "" FROM seq_1_to_500')
      await stand.capture('page')
      open = await stand.connect()
    })
    afterAll(() => stand?.close())
    beforeEach(async () => {
      await open.query('ROLLBACK')
      await stand.takeLog()
      await stand.runAll(['SET SESSION innodb_lock_wait_timeout = 1'])
    })

    /** Acknowledges whatever of these pages is committed, and gives the entries that are left then. */
    async function acknowledge(...ids: number[]): Promise<string[]> {
      const entries = await stand.kit({
        sql: 'SELECT `key`, CAST(MAX(version) AS CHAR) AS version FROM strangler_change_log GROUP BY `key`',
        params: [],
      })
      const wanted = entries
        .filter(({ key }) => ids.includes(Number(JSON.parse(key ?? '[]')[0])))
        .map(({ key, version }) => ({ table: 'page', key: key!, version: version! }))
      await stand.kit(dialect.deleteAcknowledged(wanted))
      const left = await stand.kit({ sql: 'SELECT `key` FROM strangler_change_log', params: [] })
      return left.map(({ key }) => key ?? '')
    }

    it.each([1, 40, 400])(
      'does not wait for the entries of others, with %i entries in the log',
      async (count) => {
        await stand.app('UPDATE page SET note = "a" WHERE id <= ?', [count])
        await open.query('BEGIN')
        // On both sides of what is acknowledged, in every index.
        await open.query('UPDATE page SET note = "b" WHERE id IN (450, 460)')
        await stand.app('UPDATE page SET note = "c" WHERE id IN (455, 1)')
        expect(await acknowledge(455)).not.toContain('["455"]')
        const all = Array.from({ length: 500 }, (_, index) => index + 1)
        expect(await acknowledge(...all)).toEqual([])
      },
    )

    it('does not wait for a newer entry of the same key that is not committed', async () => {
      await stand.app('UPDATE page SET note = "a" WHERE id = 7')
      await open.query('BEGIN')
      await open.query('UPDATE page SET note = "b" WHERE id = 7')
      expect(await acknowledge(7)).toEqual([])
    })
  },
)
