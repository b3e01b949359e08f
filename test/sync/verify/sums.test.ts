import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import { verify } from '../../../strangler/sync/verify.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { CAPABILITY, EPOCH, openPair, type PairStand } from './pair-stand.ts'

const mariadbd = await requireProgram('mariadb')
const ROWS = 100_000

const PAIRS: [DialectName, DialectName][] = [
  ['postgres', 'postgres'],
  ['mariadb', 'mariadb'],
  ['postgres', 'mariadb'],
]

function rowsOf(dialect: DialectName): string {
  const columns =
    dialect === 'postgres'
      ? `'Item-' || md5(n::text), n % 90, n / 8.0, 'a note about ' || n, '2024-02-29 12:00:00.000001' FROM generate_series(1, ${ROWS}) n`
      : `CONCAT('Item-', MD5(seq)), seq % 90, seq / 8.0, CONCAT('a note about ', seq), '2024-02-29 12:00:00.000001' FROM seq_1_to_${ROWS}`
  return `INSERT INTO stock SELECT ${columns}`
}

describe.each(PAIRS)('verify of many rows from %s to %s', (from, to) => {
  const needs = [from, to].includes('mariadb')
  describe.skipIf(needs && mariadbd === undefined)(`on this machine${sayMissing('mariadb')}`, () => {
    let stand: PairStand
    beforeAll(async () => {
      stand = await openPair(from, to)
      await stand.app(rowsOf(from))
      await stand.meddle(rowsOf(to))
      const log = from === 'postgres' ? 'strangler.change_intake' : 'strangler_change_log'
      await stand.app(`DELETE FROM ${log}`)
    })
    afterAll(() => stand?.close())

    const look = async (copies: string[], sides: Partial<PairStand> = {}) => {
      const failures: string[] = []
      const { source, target, routes } = { ...stand, ...sides }
      const report = await verify({
        capability: CAPABILITY,
        direction: 'forward',
        epoch: EPOCH,
        source,
        target,
        routes,
        copies,
        report: (_operation, error) => failures.push(String(error)),
      })
      return { report, failures }
    }

    it('compares 100,000 rows, and prints how fast', async () => {
      for (const copies of from === to ? [['stock'], []] : [[]]) {
        const { report, failures } = await look(copies)
        process.stderr.write(
          `verify ${from} → ${to} by ${copies.length > 0 ? 'sums' : 'rows'}: ${report.rowsPerSecond} rows/s\n`,
        )
        expect(failures).toEqual([])
        expect(report).toMatchObject({ compared: ROWS, missing: 0, extra: 0, different: 0, inFlight: 0 })
      }
    }, 60_000)

    it.runIf(from === to)(
      'finds one changed, one missing and two extra rows among them by sums',
      async () => {
        await stand.meddle(`UPDATE stock SET note = NULL WHERE note = 'a note about 50000'`)
        await stand.meddle(`DELETE FROM stock WHERE note = 'a note about 99999'`)
        await stand.meddle(`INSERT INTO stock (sku, amount) VALUES ('AAA', 1), ('zzz', 1)`)
        let read = 0
        const counting: SyncDatabase = {
          ...stand.source,
          query: async (statement) => {
            const rows = await stand.source.query(statement)
            read += rows.length
            return rows
          },
        }
        const { report } = await look(['stock'], { source: counting })
        expect(report).toMatchObject({ missing: 1, extra: 2, different: 1 })
        expect(report.samples.find(({ kind }) => kind === 'different')?.columns).toHaveLength(1)
        // Only the ranges that differ are read.
        expect(read).toBeLessThan(ROWS / 4)
      },
      60_000,
    )

    it.runIf(from === to)(
      'goes on row by row where sums fail',
      async () => {
        const failing: SyncDatabase = {
          ...stand.target,
          query: (statement) =>
            statement.sql.includes('sum_a')
              ? Promise.reject(new Error('canceling statement due to statement timeout'))
              : stand.target.query(statement),
        }
        const { report, failures } = await look(['stock'], { target: failing })
        expect(failures).toEqual(['Error: stock is compared row by row'])
        expect(report).toMatchObject({ missing: 1, extra: 2, different: 1 })
      },
      60_000,
    )
  })
})
