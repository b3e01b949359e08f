import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChangeEntry } from '../../strangler/core/sync-words.ts'
import type { TextRow } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { toEntries } from '../../strangler/sync/read-entries.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { type MariaStand, openMariaStand } from './mariadb/maria-stand.ts'
import { createStand, type Session, type Stand, shapeOf } from './postgres/stand.ts'

const mariadbd = await requireProgram('mariadb')
const GOOD = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const OTHER = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`
const SLOW_MS = 60_000

/** What the relay would send of these rows. */
function entriesOf(columns: Parameters<typeof postgresDialect.readPending>[0], rows: TextRow[]) {
  const side = { table: columns.table, columns: columns.columns }
  const route = { source: side, target: side, convert: (row: ChangeEntry['row']) => row }
  const { entries } = toEntries(route as unknown as Parameters<typeof toEntries>[0], rows)
  return entries.map(({ key, traceparent }) => [key, traceparent])
}

describe('what a transaction says of its trace, in PostgreSQL', () => {
  let stand: Stand
  let app: Session
  beforeAll(async () => {
    stand = await createStand('traceparent')
    app = await stand.open()
    await app.query('CREATE TABLE stock (id int PRIMARY KEY)')
    await app.runAll(postgresDialect.captureUp([await shapeOf(app, 'stock')]))
  }, SLOW_MS)
  afterAll(async () => {
    await app.end()
    await stand.drop()
  })

  const write = (id: number, traceparent: string) =>
    app.runAll([
      'BEGIN',
      `SELECT set_config('strangler.traceparent', '${traceparent}', true)`,
      `INSERT INTO stock VALUES (${id})`,
      'COMMIT',
    ])

  it('goes with the change, ends with the transaction, and is nothing where it is no traceparent', async () => {
    await app.query('INSERT INTO stock VALUES (1)')
    await write(2, GOOD)
    await app.query('INSERT INTO stock VALUES (3)')
    await write(4, 'x'.repeat(5_000))
    await write(5, `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`)
    await write(6, GOOD)
    await app.runAll([
      'BEGIN',
      `SET LOCAL strangler.traceparent = '${OTHER}'`,
      'DELETE FROM stock WHERE id = 6',
      'COMMIT',
    ])
    const columns = { table: await shapeOf(app, 'stock'), columns: ['id'] }
    await app.run(postgresDialect.intake.move(0, 100))
    expect(entriesOf(columns, await app.run(postgresDialect.readPending(columns, 10)))).toEqual([
      ['["1"]', undefined],
      ['["2"]', GOOD],
      ['["3"]', undefined],
      ['["4"]', undefined],
      ['["5"]', undefined],
      // Of the newest version, which is what is applied.
      ['["6"]', OTHER],
    ])
    const [longest] = await app.query(
      'SELECT max(length(traceparent))::text AS characters FROM strangler.changes',
    )
    expect(longest).toEqual({ characters: '55' })
  })
})

describe.skipIf(mariadbd === undefined)(`in MariaDB${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  beforeAll(async () => {
    stand = await openMariaStand('traceparent')
    await stand.app('CREATE TABLE stock (id int PRIMARY KEY)')
    await stand.capture('stock')
  }, SLOW_MS)
  afterAll(() => stand?.close())

  it('goes with the change, and nothing that the variable holds can fail the application’s statement', async () => {
    await stand.app('INSERT INTO stock VALUES (1)')
    const values = [`'${GOOD}'`, `'${'x'.repeat(5_000)}'`, `x'ff00fe'`, '42', `'${OTHER}'`, 'NULL']
    for (const [at, value] of values.entries()) {
      await stand.app(`SET @strangler_traceparent = ${value}`)
      await stand.app('INSERT INTO stock VALUES (?)', [at + 2])
    }
    const [table] = await stand.shapes('stock')
    const columns = { table: table!, columns: ['id'] }
    expect(entriesOf(columns, await stand.kit(mariadbDialect.readPending(columns, 10)))).toEqual([
      ['["1"]', undefined],
      ['["2"]', GOOD],
      ['["3"]', undefined],
      ['["4"]', undefined],
      ['["5"]', undefined],
      ['["6"]', OTHER],
      ['["7"]', undefined],
    ])
  })
})
