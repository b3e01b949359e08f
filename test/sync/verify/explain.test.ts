import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { recordQuarantine } from '../../../strangler/sync/bookkeeping.ts'
import { explain } from '../../../strangler/sync/explain.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { openPair, type PairStand } from './pair-stand.ts'

const mariadbd = await requireProgram('mariadb')

const PAIRS: [DialectName, DialectName][] = [
  ['postgres', 'mariadb'],
  ['mariadb', 'postgres'],
]

describe.skipIf(mariadbd === undefined)(`explain${sayMissing('mariadb')}`, () => {
  describe.each(PAIRS)('from %s to %s', (from, to) => {
    let stand: PairStand
    beforeAll(async () => {
      stand = await openPair(from, to)
    })
    afterAll(() => stand?.close())

    const about = (isSent?: boolean) =>
      explain(
        { ...stand, ...(isSent !== undefined && { isSent: () => isSent }) },
        { table: 'stock', key: '["a"]' },
      )

    it("tells a row's way from nowhere to the other side and back", async () => {
      expect((await about()).verdict).toBe('stock ["a"] is on neither side, and nothing about it is pending.')
      await stand.app(`INSERT INTO stock (sku, amount, price) VALUES ('a', 1, 2.50)`)
      await stand.app(`UPDATE stock SET amount = 2 WHERE sku = 'a'`)
      const captured = await about(false)
      expect(captured.verdict).toMatch(
        /is captured and not sent yet \(2 pending changes, the oldest \d\.\d s old\)\.$/,
      )
      expect(captured).toMatchObject({
        source: { row: { sku: 'a', amount: '2', price: '2.5' }, pending: [{ op: 'U' }, { op: 'I' }] },
        sent: false,
        target: { row: null, applied: undefined, quarantine: undefined },
      })
      expect((await about(true)).verdict).toMatch(/is sent and not applied yet/)
      await stand.drain()
      const [newest] = captured.source.pending
      expect(await about()).toMatchObject({
        verdict: 'stock ["a"] is the same on both sides, and nothing about it is pending.',
        sent: undefined,
        target: { row: { amount: '2' }, applied: { epoch: 1, version: newest?.version, deleted: false } },
      })
      await stand.app(`DELETE FROM stock WHERE sku = 'a'`)
      await stand.drain()
      expect(await about()).toMatchObject({ target: { row: null, applied: { deleted: true } } })
    })

    it('tells an unacknowledged, a refused and a diverged row from each other', async () => {
      await stand.app(`INSERT INTO stock (sku, amount) VALUES ('a', 1)`)
      await stand.drain()
      await stand.app(`UPDATE stock SET amount = 1 WHERE sku = 'a'`)
      expect((await about()).verdict).toMatch(/is applied, and its acknowledgement has not arrived yet/)
      const { target } = stand
      const entry = { table: 'stock', key: '["a"]', version: '7', row: null }
      await target.query(
        recordQuarantine(target.dialect.name, { entry, error: 'check "small" is violated' }, 1),
      )
      await stand.app(`UPDATE stock SET amount = 5 WHERE sku = 'a'`)
      expect(await about()).toMatchObject({
        verdict: expect.stringMatching(
          /The target has refused .* 1 time and it is tried again: check "small" is violated/,
        ),
        target: { quarantine: { version: '7', attempts: 1 } },
      })
      await stand.drain()
      await stand.meddle(`UPDATE stock SET amount = 6 WHERE sku = 'a'`)
      expect((await about()).verdict).toMatch(/has diverged: it is different .*; repair it\.$/)
    })

    it('names the tables that there are when the table is not synced', async () => {
      await expect(explain(stand, { table: 'stok', key: '["a"]' })).rejects.toThrow(
        'The table stok is not synced. These are: stock, line.',
      )
    })

    it('says how many values a key has when others came: half a key would be found nowhere', async () => {
      for (const key of ['[]', '["a","b","c","d"]'])
        await expect(explain(stand, { table: 'stock', key })).rejects.toThrow(
          /The key of stock has 1 column \(sku\), and/,
        )
    })
  })
})
