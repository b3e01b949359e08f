import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openStockPair, type StockPair } from './watched-pair.ts'

const SLOW_MS = 90_000
let pair: StockPair

beforeAll(async () => {
  pair = await openStockPair('watched', 'level')
}, SLOW_MS)
afterAll(() => pair.stop())

const read = async (pool: pg.Pool, table: string) =>
  (await pool.query(`SELECT * FROM ${table} ORDER BY id`)).rows
const beTheSame = () =>
  vi.waitFor(
    async () => expect(await read(pair.service, 'level')).toEqual(await read(pair.monolith, 'stock')),
    {
      timeout: 30_000,
      interval: 100,
    },
  )
const beSound = () =>
  pair.until(({ health }) => expect(health).toMatchObject({ state: 'sound', problems: [] }))

/** Everything is copied anew, which closes every gap. */
async function copyAnew(): Promise<void> {
  pair.backfill()
  await pair.until((status) => expect(status.running?.backfill?.state).toBe('done'))
  await beSound()
}

describe('a schema that changes while a sync runs', () => {
  it(
    'pauses it with the difference and the mend, loses nothing meanwhile, and lets it go on when it is undone',
    async () => {
      await pair.service.query('ALTER TABLE level RENAME COLUMN qty TO amount')
      const told = await vi.waitFor(
        async () => {
          const text = await pair.status().then(
            ({ failure }) => failure ?? '',
            (error: Error) => error.message,
          )
          expect(text).toContain('is paused')
          return text
        },
        { timeout: 30_000, interval: 100 },
      )
      expect(told).toContain(
        'service: level has lost the column qty; service: level has a new column amount: integer NOT NULL',
      )
      expect(told).toContain('`strangler sync install stock`')
      await pair.monolith.query(
        'UPDATE stock SET qty = qty + 1000 WHERE id <= 50; DELETE FROM stock WHERE id = 51',
      )
      await pair.service.query('ALTER TABLE level RENAME COLUMN amount TO qty')
      await beTheSame()
      await pair.until((status) => expect(status).toMatchObject({ failure: undefined, entries: 0 }))
    },
    SLOW_MS,
  )

  it(
    'goes on with the new shape after `install`, and carries what was written in between',
    async () => {
      await pair.monolith.query('ALTER TABLE stock ADD COLUMN note text')
      await pair.service.query('ALTER TABLE level ADD COLUMN note text')
      await pair.until(({ failure }) =>
        expect(failure).toContain('monolith: stock has a new column note: text'),
      )
      await pair.monolith.query(`UPDATE stock SET note = 'while it waits' WHERE id = 1`)
      // It does not resume by itself: the triggers and the mapping know nothing of the column.
      expect((await pair.status()).entries).toBeGreaterThan(0)
      await pair.sync.install({ epoch: 2 })
      await pair.monolith.query(`UPDATE stock SET note = 'after it' WHERE id = 2`)
      await beTheSame()
      await pair.until((status) => expect(status.failure).toBeUndefined())
    },
    SLOW_MS,
  )
})

describe('the capture of a running sync', () => {
  it(
    'is broken when a trigger is gone, stays so until all rows are copied anew, and names what to do',
    async () => {
      await pair.monolith.query('DROP TRIGGER strangler_capture_rows ON stock')
      await pair.write('UPDATE stock SET qty = -1 WHERE id = 7')
      await pair.until(({ health }) =>
        expect(health).toMatchObject({
          state: 'broken',
          problems: [
            'the trigger strangler_capture_rows of stock is gone, and changes may have been missed. `strangler sync install stock` and `strangler sync backfill stock` mend it',
          ],
        }),
      )
      await pair.sync.install({ epoch: 2 })
      await pair.write('UPDATE stock SET qty = -2 WHERE id = 8')
      await vi.waitFor(async () => expect((await read(pair.service, 'level'))[7].qty).toBe(-2), {
        timeout: 20_000,
      })
      // The trigger is back, and still the change of row 7 was missed.
      expect((await read(pair.service, 'level'))[6].qty).not.toBe(-1)
      expect((await pair.status()).health?.state).toBe('broken')
      await copyAnew()
      await beTheSame()
    },
    SLOW_MS,
  )

  it(
    'is broken when a trigger does not fire in every session',
    async () => {
      await pair.monolith.query(
        'ALTER TABLE stock DISABLE TRIGGER USER; ALTER TABLE stock ENABLE TRIGGER USER',
      )
      await pair.until(({ health }) =>
        expect(health?.problems.join()).toContain('strangler_capture_rows of stock does not always fire'),
      )
      await pair.sync.install({ epoch: 3 })
      await copyAnew()
    },
    SLOW_MS,
  )

  it(
    'is sound whatever the application writes, rolled back or not, with many rows at once',
    async () => {
      await pair.write('UPDATE stock SET qty = qty + 1')
      await pair.write('BEGIN; UPDATE stock SET qty = 0; ROLLBACK')
      await pair.monolith.query(
        'DELETE FROM stock WHERE id > 400; INSERT INTO stock SELECT n, n FROM generate_series(401, 500) n',
      )
      const began = (await pair.status()).health?.checkedAt ?? 0
      await pair.until(({ health }) => expect(health?.checkedAt ?? 0).toBeGreaterThan(began + 8_000))
      await beSound()
      await beTheSame()
    },
    SLOW_MS,
  )

  it(
    'is broken when the counters show rows that the log does not know, although every trigger is there',
    async () => {
      // As if it were the applier.
      await pair.write(`SET strangler.apply = '1'`, 'UPDATE stock SET qty = qty - 1', 'RESET strangler.apply')
      await pair.until(({ health }) => {
        expect(health?.state).toBe('broken')
        expect(health?.problems.join()).toMatch(/about \d{3} changes of stock are not in the log/)
      })
      await copyAnew()
      await beTheSame()
    },
    SLOW_MS,
  )

  it(
    'tells of a guard that is gone, and is sound again when it is back',
    async () => {
      await pair.service.query('DROP TRIGGER strangler_guard_reject ON level')
      await pair.until(({ health }) =>
        expect(health?.problems.join()).toContain('the guard of level is not whole'),
      )
      await pair.sync.install({ epoch: 5 })
      await beSound()
    },
    SLOW_MS,
  )
})
