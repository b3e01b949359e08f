import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SyncOrder } from '../../../strangler/core/words.ts'
import { type CapabilitySync, createCapabilitySync } from '../../../strangler/sync/capability-sync.ts'
import { createMariaDatabase, type MariaDatabase } from '../../support/mariadb.ts'
import { requireProgram } from '../../support/optional.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000

describe.skipIf(mariadbd === undefined)(
  'the sync of a capability from MariaDB to PostgreSQL (skipped: mariadbd is not on this machine)',
  () => {
    let maria: MariaDatabase
    let postgres: TestDatabase
    let control: TestDatabase
    let monolith: mysql.Connection
    let service: pg.Client
    let sync: CapabilitySync

    beforeAll(async () => {
      maria = await createMariaDatabase('wired')
      postgres = await createTestDatabase('wired_target')
      control = await createTestDatabase('wired_control')
      monolith = await mysql.createConnection(maria.url.replace('mariadb:', 'mysql:'))
      service = new pg.Client({ connectionString: postgres.url })
      await service.connect()
      await monolith.query(
        'CREATE TABLE product (sku VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY)',
      )
      await monolith.query(`CREATE TABLE stock (
        id BIGINT PRIMARY KEY, sku VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        qty INT NOT NULL, FOREIGN KEY (sku) REFERENCES product (sku) ON DELETE CASCADE)`)
      await monolith.query(`INSERT INTO product VALUES ('a'), ('b')`)
      await monolith.query(`INSERT INTO stock VALUES (1, 'a', 10), (2, 'b', 20)`)
      await service.query(
        'CREATE TABLE level (id bigint PRIMARY KEY, sku text NOT NULL, qty integer NOT NULL)',
      )
      sync = createCapabilitySync({
        capability: 'stock',
        tables: [{ table: 'stock', as: 'level' }],
        addresses: {
          monolith: { side: 'monolith', url: maria.url },
          service: { side: 'stock', url: postgres.url },
        },
        queue: { kind: 'postgres', url: control.url },
        onHeartbeat: () => undefined,
        report: () => undefined,
      })
    }, SLOW_MS)
    afterAll(async () => {
      await sync.stop()
      await Promise.all([monolith.end(), service.end()])
      await Promise.all([maria.drop(), postgres.drop(), control.drop()])
    })

    const listTables = async () => {
      const [rows] =
        await monolith.query(`SELECT concat('table ', table_name) AS thing FROM information_schema.tables
        WHERE table_schema = database() UNION SELECT concat('trigger ', trigger_name) FROM information_schema.triggers
        WHERE trigger_schema = database() ORDER BY 1`)
      return rows
    }
    const levels = async () => (await service.query('SELECT id, sku, qty FROM level ORDER BY id')).rows

    it(
      'copies what is there, carries changes and cascades, and leaves nothing behind',
      async () => {
        const before = await listTables()
        await sync.install({ epoch: 1 })
        const order: SyncOrder = { epoch: 1, state: 'running', backfill: true }
        sync.follow(order)
        const wait = (isSo: () => Promise<unknown>) => vi.waitFor(isSo, { timeout: 30_000, interval: 50 })
        await wait(async () => expect(await levels()).toHaveLength(2))
        await monolith.query('UPDATE stock SET qty = 11 WHERE id = 1')
        // No trigger fires for the rows that a cascade deletes; the parent's tells.
        await monolith.query(`DELETE FROM product WHERE sku = 'b'`)
        await wait(async () => expect(await levels()).toEqual([{ id: '1', sku: 'a', qty: 11 }]))
        await wait(async () => expect(await sync.status(order)).toMatchObject({ entries: 0, quarantine: [] }))
        await sync.uninstall()
        expect(await listTables()).toEqual(before)
        expect((await service.query(`SELECT FROM pg_namespace WHERE nspname = 'strangler'`)).rowCount).toBe(0)
        expect(await levels()).toHaveLength(1)
      },
      SLOW_MS,
    )
  },
)
