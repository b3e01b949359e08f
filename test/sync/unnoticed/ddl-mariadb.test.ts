import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, ResultSetHeader } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSyncDatabase, type SyncDatabase } from '../../../strangler/sync/database.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { runSchemaChange } from '../../../strangler/sync/install-sync.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from '../mariadb/maria-stand.ts'

const mariadbd = await requireProgram('mariadb')
const CLIENTS = 12
const ROUNDS = 8
const PATIENCE_MS = 30_000

describe.skipIf(mariadbd === undefined)(
  `triggers made under traffic on MariaDB${sayMissing('mariadb')}`,
  () => {
    let stand: MariaStand
    let kit: SyncDatabase
    beforeAll(async () => {
      stand = await openMariaStand('ddl')
      await stand.app('CREATE TABLE purchase (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT)')
      await stand.app(
        'CREATE TABLE purchase_line (purchase_id BIGINT, line INT, PRIMARY KEY (purchase_id, line), FOREIGN KEY (purchase_id) REFERENCES purchase (id))',
      )
      kit = await openSyncDatabase(stand.url, { dialect })
    }, 60_000)
    afterAll(async () => {
      await kit?.stop()
      await stand?.close()
    })

    /** As an order and its lines, in one transaction. @returns the errors by their code */
    async function purchase(connection: Connection): Promise<string | undefined> {
      try {
        await connection.beginTransaction()
        const [{ insertId }] = await connection.query<ResultSetHeader>('INSERT INTO purchase (n) VALUES (1)')
        await connection.query('INSERT INTO purchase_line VALUES (?, 1), (?, 2)', [insertId, insertId])
        await connection.commit()
        return undefined
      } catch (error) {
        await connection.rollback()
        return (error as { code?: string }).code ?? String(error)
      }
    }

    /** Installs and takes away capture while clients buy. */
    async function changeUnder(database: SyncDatabase): Promise<{ bought: number; errors: string[] }> {
      const tables = await stand.shapes('purchase', 'purchase_line')
      const connections = await Promise.all(Array.from({ length: CLIENTS }, () => stand.connect()))
      const found = { bought: 0, errors: [] as string[] }
      let isOver = false
      const client = async (connection: Connection) => {
        while (!isOver) {
          const error = await purchase(connection)
          if (error === undefined) found.bought += 1
          else found.errors.push(error)
          await delay(Math.random() * 60)
        }
      }
      const clients = connections.map(client)
      try {
        for (let round = 0; round < ROUNDS; round += 1)
          for (const statements of [dialect.captureUp(tables), dialect.captureDown(tables)])
            await runSchemaChange(database, statements, Date.now() + PATIENCE_MS)
      } finally {
        isOver = true
        await Promise.all(clients)
      }
      return found
    }

    it('are no deadlock of any transaction that writes to a parent and its children', async () => {
      const { bought, errors } = await changeUnder(kit)
      expect(errors).toEqual([])
      expect(bought).toBeGreaterThan(CLIENTS)
    }, 120_000)

    it('would be one, if their statements waited for the tables', async () => {
      const { withoutWaiting: _, ...waiting } = dialect
      const { errors } = await changeUnder({ ...kit, dialect: waiting })
      expect(errors).toContain('ER_LOCK_DEADLOCK')
    }, 120_000)
  },
)
