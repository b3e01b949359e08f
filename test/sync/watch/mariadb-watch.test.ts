import type mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMariaDatabase, type MariaDatabase, openConnection } from '../../support/mariadb.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { openWatchedPair, type WatchedPair } from './watched-pair.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 90_000

describe.skipIf(mariadbd === undefined)(`the capture of a sync from MariaDB${sayMissing('mariadb')}`, () => {
  let maria: MariaDatabase
  let monolith: mysql.Connection
  let pair: WatchedPair

  beforeAll(async () => {
    maria = await createMariaDatabase('watched')
    monolith = await openConnection(maria.url)
    await monolith.query(
      'CREATE TABLE product (sku VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY)',
    )
    await monolith.query(`CREATE TABLE stock (id INT PRIMARY KEY, sku VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin,
        FOREIGN KEY (sku) REFERENCES product (sku) ON DELETE CASCADE)`)
    await monolith.query(`INSERT INTO product VALUES ('a')`)
    await monolith.query(`INSERT INTO stock VALUES (1, 'a'), (2, 'a')`)
    pair = await openWatchedPair(maria.url, { tables: [{ table: 'stock' }] })
    await pair.service.query('CREATE TABLE stock (id int PRIMARY KEY, sku text)')
    await pair.sync.install({ epoch: 1 })
    await copyAnew()
  }, SLOW_MS)
  afterAll(async () => {
    await pair.stop()
    await monolith.end()
    await maria.drop()
  })

  async function copyAnew(): Promise<void> {
    pair.backfill()
    await pair.until(({ running, health }) => {
      expect(running?.backfill?.state).toBe('done')
      expect(health).toMatchObject({ state: 'sound', problems: [] })
    })
  }

  it('says what it cannot see', async () => {
    expect((await pair.status()).health?.unwatched.join()).toContain('how many rows were changed')
  })

  it(
    'is broken when the trigger of a parent is gone, from which a cascade would come',
    async () => {
      await monolith.query('DROP TRIGGER strangler_capture_delete_product__stock')
      await pair.until(({ health }) =>
        expect(health?.problems.join()).toContain(
          'strangler_capture_delete_product__stock of product is gone',
        ),
      )
      await pair.sync.install({ epoch: 2 })
      await copyAnew()
    },
    SLOW_MS,
  )

  it(
    'is broken after a TRUNCATE, which fires no trigger',
    async () => {
      await monolith.query('TRUNCATE stock')
      await pair.until(({ health }) => {
        expect(health?.state).toBe('broken')
        expect(health?.problems.join()).toMatch(/stock was made anew by TRUNCATE/)
      })
    },
    SLOW_MS,
  )
})
