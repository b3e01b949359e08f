import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CouplingWatch, createCouplingWatch, showCoupling } from '../../strangler/sync/coupling-watch.ts'
import { createMariaDatabase, openConnection } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../support/postgres.ts'

const mariadbd = await requireProgram('mariadb')
let database: TestDatabase
let pool: pg.Pool
let watch: CouplingWatch

beforeAll(async () => {
  database = await createTestDatabase('couplings')
  pool = openPool(database.url)
  await pool.query(`CREATE TABLE product (sku int PRIMARY KEY); CREATE TABLE stock (id int PRIMARY KEY, sku int REFERENCES product, qty int);
    CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO product VALUES (1); INSERT INTO stock VALUES (1, 1, 5); INSERT INTO orders VALUES (1)`)
  watch = createCouplingWatch({
    monolith: { side: 'monolith', url: database.url },
    tables: [{ table: 'stock' }],
    rememberMs: 60_000,
    report: (_operation, error) => {
      throw error
    },
  })
  watch.start()
})
afterAll(async () => {
  await watch.stop()
  await pool.end()
  await database.drop()
})

/** Open until what is awaited has been seen, or for some looks. */
async function inTransaction(statements: readonly string[], until: () => Promise<unknown>): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query("SET application_name = 'shop'")
    await client.query('BEGIN')
    for (const sql of statements) await client.query(sql)
    await until()
  } finally {
    // One that is kept would let the pool never end, and hide what has failed.
    await client.query('ROLLBACK')
    client.release()
  }
}
const someLooks = () => new Promise((resolve) => setTimeout(resolve, 1_500))

it('takes no transaction for coupled that changes one side and only reads, locks or refers to the other', async () => {
  const changes = 'UPDATE stock SET qty = 4 WHERE id = 1'
  await inTransaction([changes, 'SELECT * FROM orders', 'SELECT * FROM orders FOR UPDATE'], someLooks)
  // The foreign key's check locks the product.
  await inTransaction(['INSERT INTO stock VALUES (2, 1, 1)'], someLooks)
  await inTransaction(['UPDATE orders SET id = 2', 'SELECT * FROM stock'], someLooks)
  expect(watch.found()).toEqual([])
}, 30_000)

it('finds the one that changes both, however it began, and says who does', async () => {
  const found = () => expect.poll(() => watch.found().length, { timeout: 10_000 }).toBe(1)
  await inTransaction(['INSERT INTO orders VALUES (3)', 'UPDATE stock SET qty = 4 WHERE id = 1'], found)
  const [coupling] = watch.found()
  expect(coupling).toMatchObject({ table: 'stock', other: 'orders', application: 'shop' })
  expect(showCoupling(coupling!)).toMatch(
    /^transactions of "shop" change stock together with orders \(seen \d+ times?/,
  )
}, 30_000)

it.skipIf(mariadbd === undefined)(
  'finds it in MariaDB too, where the server is made to tell',
  async () => {
    const maria = await createMariaDatabase('couplings')
    const application = await openConnection(maria.url)
    await application.query("INSTALL SONAME 'metadata_lock_info'").catch((error: { code: string }) => {
      // Another file was here before.
      if (error.code !== 'ER_UDF_EXISTS' && error.code !== 'ER_PLUGIN_INSTALLED') throw error
    })
    await application.query('CREATE TABLE stock (id INT PRIMARY KEY, qty INT)')
    await application.query('CREATE TABLE orders (id INT PRIMARY KEY)')
    const there = createCouplingWatch({
      monolith: { side: 'monolith', url: maria.url },
      tables: [{ table: 'stock' }],
      rememberMs: 60_000,
      report: (_operation, error) => {
        throw error
      },
    })
    there.start()
    await application.query('START TRANSACTION')
    await application.query('INSERT INTO stock VALUES (1, 1)')
    await application.query('SELECT * FROM orders')
    await someLooks()
    expect(there.found()).toEqual([])
    await application.query('INSERT INTO orders VALUES (1)')
    await expect
      .poll(() => there.found(), { timeout: 20_000 })
      .toMatchObject([{ table: 'stock', other: 'orders', application: 'root' }])
    await application.query('ROLLBACK')
    await Promise.all([application.end(), there.stop()])
    await maria.drop()
  },
  60_000,
)
