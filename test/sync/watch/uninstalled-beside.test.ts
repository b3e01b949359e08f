import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { openStockPair, type StockPair } from './watched-pair.ts'

const SLOW_MS = 120_000
let pair: StockPair

beforeAll(async () => {
  pair = await openStockPair('beside')
  await pair.write('CREATE TABLE other (id bytea PRIMARY KEY)')
}, SLOW_MS)
afterAll(() => pair.stop())

/** Until the watch has looked again after so long. */
async function looksFor(ms: number): Promise<void> {
  const from = (await pair.status()).health?.checkedAt ?? 0
  await pair.until(({ health }) => expect(health?.checkedAt ?? 0).toBeGreaterThan(from + ms))
}

const shapeOfOther = async () => {
  const run = async ({ sql, params }: { sql: string; params: readonly unknown[] }) =>
    (await pair.monolith.query(sql, [...params])).rows
  return postgresDialect.introspect(run, 'public', ['other'])
}

test(
  'the capture stays sound when another capability is uninstalled whose entries wait, and what is missed later is told',
  async () => {
    // An older kit's triggers have written into the log.
    await pair.write(
      `INSERT INTO strangler.change_log (version, tbl, key, op, at) SELECT n, 'elsewhere', 'k', 'U', now() FROM generate_series(1, 2000) n`,
      `DELETE FROM strangler.change_log WHERE tbl = 'elsewhere'`,
    )
    const other = await shapeOfOther()
    // Keys that no index takes: these entries stay in the intake.
    await pair.write(
      ...postgresDialect.captureUp(other),
      `INSERT INTO other SELECT decode(string_agg(md5(n || '-' || i), ''), 'hex') FROM generate_series(1, 600) n, generate_series(1, 88) i GROUP BY n`,
    )
    await looksFor(5_000)
    const { rows } = await pair.monolith.query('SELECT count(*)::int AS n FROM strangler.change_intake')
    expect(rows[0].n).toBe(600)
    await pair.write(
      'BEGIN',
      'UPDATE stock SET qty = qty + 1',
      'UPDATE stock SET qty = qty + 1',
      ...postgresDialect.captureDown(other),
      'COMMIT',
    )
    await looksFor(8_000)
    await pair.until(({ health }) => expect(health).toMatchObject({ state: 'sound', problems: [] }))
    await pair.write(`SET strangler.apply = '1'`, 'UPDATE stock SET qty = qty - 1', 'RESET strangler.apply')
    await vi.waitFor(
      async () =>
        expect((await pair.status()).health?.problems.join()).toMatch(/about \d{3} changes of stock are not/),
      { timeout: 40_000, interval: 100 },
    )
  },
  SLOW_MS,
)
