import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from '../mariadb/maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

const SCHEMA = [
  'CREATE OR REPLACE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, n INT CHECK (n >= 0), t TINYINT)',
  'CREATE OR REPLACE TABLE part (id BIGINT AUTO_INCREMENT PRIMARY KEY, item_id INT NOT NULL, FOREIGN KEY (item_id) REFERENCES item (id) ON DELETE CASCADE)',
]

const STATEMENTS: readonly string[] = [
  "INSERT INTO item (name, n) VALUES ('a', 1), ('b', 2)",
  'SELECT LAST_INSERT_ID() AS id, ROW_COUNT() AS n',
  "INSERT INTO item (name, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE n = VALUES(n)",
  'SELECT LAST_INSERT_ID() AS id, ROW_COUNT() AS n',
  "INSERT INTO item (name, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = 6",
  'SELECT LAST_INSERT_ID() AS id',
  "REPLACE INTO item (name, n) VALUES ('b', 7)",
  "INSERT INTO item (name, n) VALUES ('r', 7) RETURNING id, name",
  "INSERT IGNORE INTO item (name, n) VALUES ('b', 8), ('c', 9)",
  'SHOW WARNINGS',
  'SELECT LAST_INSERT_ID() AS id',
  'INSERT INTO part (item_id) VALUES (1), (1)',
  'SELECT LAST_INSERT_ID() AS id',
  'UPDATE item SET n = n + 1',
  'UPDATE item SET n = 6 WHERE n = 6',
  "INSERT INTO item (name) VALUES ('b')",
  'INSERT INTO item (name) VALUES (NULL)',
  "INSERT INTO item (name, n) VALUES ('d', -1)",
  'INSERT INTO part (item_id) VALUES (99)',
  "INSERT INTO item (name, t) VALUES ('e', 999)",
  "INSERT IGNORE INTO item (name, t) VALUES ('e', 999)",
  'SHOW WARNINGS',
  'SELECT @@warning_count AS n',
  'START TRANSACTION',
  "INSERT INTO item (name) VALUES ('kept')",
  'SAVEPOINT one',
  "INSERT INTO item (name) VALUES ('kept')",
  "INSERT INTO item (name) VALUES ('undone')",
  'ROLLBACK TO one',
  'COMMIT',
  "PREPARE adding FROM 'INSERT INTO item (name) VALUES (?)'",
  "SET @name = 'prepared'",
  'EXECUTE adding USING @name',
  'SELECT LAST_INSERT_ID() AS id, ROW_COUNT() AS n',
  'DELETE FROM item WHERE id = 1',
  'SELECT COUNT(*) AS n FROM part',
  'SELECT id, name, n FROM item ORDER BY id',
]

interface Answer {
  readonly result: unknown
  readonly error?: string
}

describe.skipIf(mariadbd === undefined)(
  `an application on a captured MariaDB, beside one that is not${sayMissing('mariadb')}`,
  () => {
    let stand: MariaStand
    beforeAll(async () => {
      stand = await openMariaStand('unnoticed')
    })
    afterAll(() => stand?.close())

    async function live(install: () => Promise<unknown>): Promise<Answer[]> {
      await stand.app('DROP TABLE IF EXISTS part')
      for (const sql of SCHEMA) await stand.app(sql)
      await install()
      const client = await stand.connect()
      const answers: Answer[] = []
      for (const sql of STATEMENTS) answers.push(await ask(client, sql))
      await client.end()
      return answers
    }

    async function ask(client: Connection, sql: string): Promise<Answer> {
      try {
        const [result] = await client.query(sql)
        // An OK packet, whose status flags tell of the server's own work: what the driver gives an application of it.
        if (Array.isArray(result)) return { result }
        const { affectedRows, insertId, warningStatus, info } = result as unknown as Record<string, unknown>
        return { result: { affectedRows, insertId, warningStatus, info } }
      } catch (error) {
        const { errno, sqlState, message } = error as { errno: number; sqlState: string; message: string }
        return { result: undefined, error: `${errno} ${sqlState} ${message}` }
      }
    }

    test('is answered exactly the same: rows, counts, generated ids, warnings, error codes and messages', async () => {
      const without = await live(async () => undefined)
      const captured = await live(() => stand.capture('item', 'part'))
      expect(captured).toEqual(without)
      expect(without.flatMap(({ error }) => error?.slice(0, 4) ?? [])).toEqual([
        ...['1062', '1048', '4025', '1452', '1264', '1062'],
      ])
      const log = await stand.takeLog()
      expect(log.length).toBeGreaterThanOrEqual(20)
      // The cascade as well, which fires no trigger.
      expect(log).toContain('D part ["1"]')
    })

    test('of ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id) that changes nothing only the server’s function knows the id', async () => {
      const idiom = "INSERT INTO item (name) VALUES ('a') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)"
      const ids: unknown[] = []
      for (const install of [
        async () => undefined,
        // Any trigger of anybody does that, also one that does nothing: it is MariaDB, and is said in the reference.
        () => stand.app('CREATE TRIGGER idle AFTER UPDATE ON item FOR EACH ROW SET @idle = 1'),
        () => stand.capture('item', 'part'),
      ]) {
        await live(install)
        const client = await stand.connect()
        await client.query("INSERT INTO item (id, name) VALUES (77, 'z')")
        const [packet] = await client.query(idiom.replace("'a'", "'z'"))
        const [[row]] = (await client.query('SELECT LAST_INSERT_ID() AS id')) as unknown as [[{ id: string }]]
        ids.push([(packet as { insertId: number }).insertId, row.id])
        await client.end()
      }
      expect(ids).toEqual([
        [77, '77'],
        [0, '77'],
        [0, '77'],
      ])
    })

    test('negative control: a trigger that inserts by SELECT into a numbered log is noticed', async () => {
      const without = await live(async () => undefined)
      const noticed = await live(async () => {
        await stand.app(
          'CREATE OR REPLACE TABLE noted (id INT AUTO_INCREMENT PRIMARY KEY, item_id INT UNIQUE)',
        )
        await stand.app(
          'CREATE TRIGGER noting AFTER INSERT ON item FOR EACH ROW INSERT INTO noted (item_id) SELECT 1 FROM item WHERE id = NEW.id',
        )
      })
      expect(noticed).not.toEqual(without)
    })

    test('loses a deadlock with the same code, and waits for nobody but the other application', async () => {
      await live(() => stand.capture('item', 'part'))
      const [one, other] = [await stand.connect(), await stand.connect()]
      await one.query("INSERT INTO item (id, name, n) VALUES (801, 'x', 1), (802, 'y', 1)")
      for (const client of [one, other]) await client.query('START TRANSACTION')
      await one.query('UPDATE item SET n = 4 WHERE id = 801')
      await other.query('UPDATE item SET n = 4 WHERE id = 802')
      const code = (error: { errno: number }) => error.errno
      const outcomes = await Promise.all([
        one.query('UPDATE item SET n = 5 WHERE id = 802').catch(code),
        other.query('UPDATE item SET n = 5 WHERE id = 801').catch(code),
      ])
      expect(outcomes.filter((outcome) => outcome === 1213)).toHaveLength(1)
      for (const client of [one, other]) {
        await client.query('ROLLBACK')
        await client.end()
      }
    })
  },
)
