import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { createApplier } from '../../../strangler/sync/apply.ts'
import { raiseEpoch } from '../../../strangler/sync/bookkeeping.ts'
import type { SyncDatabase, TextRow } from '../../../strangler/sync/database.ts'
import { repair } from '../../../strangler/sync/repair.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { CAPABILITY, EPOCH, openPair, type PairStand } from './pair-stand.ts'

const mariadbd = await requireProgram('mariadb')

const PAIRS: [DialectName, DialectName][] = [
  ['postgres', 'postgres'],
  ['mariadb', 'mariadb'],
]

describe.each(PAIRS)('repair from %s to %s', (from, to) => {
  describe.skipIf(from === 'mariadb' && mariadbd === undefined)(
    `on this machine${sayMissing('mariadb')}`,
    () => {
      let stand: PairStand
      beforeAll(async () => {
        stand = await openPair(from, to)
        await stand.app(`INSERT INTO stock (sku, amount) VALUES ('a', 1), ('b', 1), ('c', 1), ('d', 1)`)
        await stand.drain()
      })
      afterAll(() => stand?.close())

      const mend = (keys: string[], sides: Partial<PairStand> = {}) =>
        repair(
          { capability: CAPABILITY, epoch: EPOCH, ...stand, ...sides },
          keys.map((key) => ({ table: 'stock', key: `["${key}"]` })),
        )
      const amountOf = async (key: string): Promise<string | null | undefined> => {
        const rows = await stand.target.query({
          sql: `SELECT amount FROM stock WHERE sku = '${key}'`,
          params: [],
        })
        return rows[0]?.['amount']
      }
      const versionOf = async (key: string) => {
        const route = stand.routes[0]!
        const [row] = await stand.target.query(
          stand.target.dialect.readKeys(route.target, [`["${key}"]`], 'applied'),
        )
        return row?.['version']
      }

      /** A source where a newer change is made, applied and acknowledged just after the repair has read the row. */
      const overtaken = (change: () => Promise<void>): SyncDatabase => {
        let isFirst = true
        return {
          ...stand.source,
          async query(statement) {
            const rows = await stand.source.query(statement)
            if (isFirst) {
              isFirst = false
              await change()
              await stand.drain()
            }
            return rows
          },
        }
      }

      /** The broken twin: finds the versions as it has seen them, whatever they are by now. */
      const withoutCompare = (): SyncDatabase => {
        let seen: TextRow[] = []
        return {
          ...stand.target,
          async query(statement) {
            const rows = await stand.target.query(statement)
            if (rows.some((row) => row['version']?.includes(':'))) seen = rows
            return rows
          },
          transaction: (work, options) =>
            stand.target.transaction(
              (run) =>
                work(async (statement) => {
                  const rows = await run(statement)
                  if (!statement.sql.endsWith('FOR UPDATE')) return rows
                  return seen.map((row) => {
                    const [epoch = null, version = null] = row['version']?.split(':') ?? []
                    return { key: row['key'] ?? null, epoch, version }
                  })
                }),
              options,
            ),
        }
      }

      it('leaves what a change has overtaken meanwhile to that change', async () => {
        await stand.meddle(`UPDATE stock SET amount = 99 WHERE sku = 'a'`)
        const source = overtaken(() => stand.app(`UPDATE stock SET amount = 2 WHERE sku = 'a'`))
        expect(await mend(['a'], { source })).toMatchObject([{ outcome: 'newer' }])
        expect(await amountOf('a')).toBe('2')
      })

      it('negative control: without the compare that change is lost', async () => {
        await stand.meddle(`UPDATE stock SET amount = 99 WHERE sku = 'a'`)
        const source = overtaken(() => stand.app(`UPDATE stock SET amount = 3 WHERE sku = 'a'`))
        expect(await mend(['a'], { source, target: withoutCompare() })).toMatchObject([
          { outcome: 'repaired' },
        ])
        expect(await amountOf('a')).toBe('2')
        expect(await mend(['a'])).toMatchObject([{ outcome: 'repaired' }])
        expect(await amountOf('a')).toBe('3')
      })

      it('does not bring back a row that was deleted meanwhile, nor delete one that has come', async () => {
        await stand.meddle(`DELETE FROM stock WHERE sku = 'b'`)
        const deleted = overtaken(() => stand.app(`DELETE FROM stock WHERE sku = 'b'`))
        expect(await mend(['b'], { source: deleted })).toMatchObject([{ outcome: 'newer' }])
        expect(await amountOf('b')).toBeUndefined()
        await stand.meddle(`INSERT INTO stock (sku, amount) VALUES ('new', 99)`)
        const come = overtaken(() => stand.app(`INSERT INTO stock (sku, amount) VALUES ('new', 5)`))
        expect(await mend(['new'], { source: come })).toMatchObject([{ outcome: 'newer' }])
        expect(await amountOf('new')).toBe('5')
      })

      it('keeps the version, so that an old message that is still about stays without effect', async () => {
        const before = await versionOf('c')
        await stand.meddle(`UPDATE stock SET amount = 99 WHERE sku = 'c'`)
        expect(await mend(['c'])).toMatchObject([{ outcome: 'repaired' }])
        expect(await versionOf('c')).toBe(before)
        expect(await mend(['c'])).toMatchObject([{ outcome: 'same' }])
        await stand.meddle(`INSERT INTO stock (sku, amount) VALUES ('extra', 1)`)
        expect(await mend(['extra'])).toMatchObject([{ outcome: 'repaired' }])
        expect(await amountOf('extra')).toBeUndefined()
      })

      it('takes the version of what is pending, so that the message about it does nothing more', async () => {
        await stand.app(`UPDATE stock SET amount = 7 WHERE sku = 'd'`)
        expect(await mend(['d'])).toMatchObject([{ outcome: 'repaired' }])
        expect(await amountOf('d')).toBe('7')
        const before = await versionOf('d')
        await stand.drain()
        expect(await versionOf('d')).toBe(before)
      })

      it('says which row the target refuses, and repairs the others', async () => {
        await stand.meddle('ALTER TABLE stock ADD CONSTRAINT small CHECK (amount < 1000)')
        await stand.app(`INSERT INTO stock (sku, amount) VALUES ('big', 5000), ('fine', 5)`)
        const mended = await mend(['big', 'fine'])
        expect(mended).toMatchObject([
          { key: '["fine"]', outcome: 'repaired' },
          { key: '["big"]', outcome: 'refused', error: expect.stringContaining('small') },
        ])
        await stand.app(`UPDATE stock SET amount = 1 WHERE sku = 'big'`)
        await stand.drain()
        expect(await amountOf('big')).toBe('1')
      })

      it('does nothing from an epoch that is over', async () => {
        const { target, routes } = stand
        const state = { capability: CAPABILITY, role: 'target', epoch: 2 } as const
        await target.query(raiseEpoch(target.dialect.name, state))
        await stand.meddle(`UPDATE stock SET amount = 99 WHERE sku = 'c'`)
        await expect(mend(['c'])).rejects.toThrow(/in epoch 2 and this repair in 1/)
        const applier = createApplier({
          capability: CAPABILITY,
          installation: 'test',
          target,
          tables: routes.map((route) => route.target),
          report: () => undefined,
        })
        expect(
          await applier.apply({
            ...{ capability: CAPABILITY, installation: 'test', direction: 'forward', epoch: 2, entries: [] },
          }),
        ).toBeDefined()
      })
    },
  )
})
