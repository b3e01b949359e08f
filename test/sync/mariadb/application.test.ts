import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(
  `an application on a captured MariaDB${sayMissing('mariadb')}`,
  () => {
    let stand: MariaStand
    const user = `app_${process.pid}`
    beforeAll(async () => {
      stand = await openMariaStand('application')
      await stand.app(
        'CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), n INT NOT NULL DEFAULT 0)',
      )
      await stand.app('CREATE TABLE word (word VARCHAR(40) PRIMARY KEY)')
      await stand.capture('item', 'word')
      await stand.app(`CREATE USER ${user}@'%'`)
      await stand.app(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${stand.name}.item TO ${user}@'%'`)
    })
    afterAll(async () => {
      await stand?.app(`DROP USER ${user}@'%'`)
      await stand?.close()
    })
    beforeEach(async () => {
      await stand.app('DELETE FROM item')
      await stand.takeLog()
    })

    it('needs no right on the log', async () => {
      const [port] = await stand.app('SELECT @@port AS port')
      const limited = await createConnection({
        host: '127.0.0.1',
        port: Number(port!['port']),
        user,
        database: stand.name,
      })
      await limited.query('INSERT INTO item (id) VALUES (5)')
      await expect(limited.query('SELECT * FROM strangler_change_log')).rejects.toMatchObject({ errno: 1142 })
      await limited.end()
      expect(await stand.takeLog()).toEqual(['I item ["5"]'])
    })

    it('may have any modes and another character set', async () => {
      const odd = await stand.connect()
      await odd.query(
        "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
      )
      await odd.query('SET NAMES latin1')
      await odd.query(String.raw`INSERT INTO word VALUES (CONCAT('a\', X'22', 'b', X'0B'))`)
      expect(await stand.takeLog()).toEqual([`I word ${JSON.stringify(['a\\"b\u000b'])}`])
    })

    /** The relay deletes an entry and has not committed; the application writes the same row, and its neighbour. */
    async function writeWhileDeleting(isolation: string): Promise<string[]> {
      await stand.app('INSERT INTO item (id) VALUES (1), (3)')
      const [entry] = await stand.app('SELECT version FROM strangler_change_log ORDER BY version')
      const relay = await stand.connect()
      await relay.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`)
      await relay.beginTransaction()
      const { sql, params } = dialect.deleteAcknowledged([
        { table: 'item', key: '["1"]', version: entry!['version']! },
      ])
      await relay.query(sql, [...params])
      await stand.app('SET innodb_lock_wait_timeout = 1')
      const outcomes = []
      for (const write of ['UPDATE item SET n = n + 1 WHERE id = 1', 'INSERT INTO item (id) VALUES (2)']) {
        outcomes.push(
          await stand.app(write).then(
            () => 'written',
            (error: { errno: number }) => String(error.errno),
          ),
        )
      }
      await relay.rollback()
      return outcomes
    }

    it.each(['READ COMMITTED', 'REPEATABLE READ'])(
      'never waits for the relay that deletes entries under %s',
      async (isolation) => {
        expect(await writeWhileDeleting(isolation)).toEqual(['written', 'written'])
      },
    )

    it('gives a row its versions in the order of the commits, whoever writes', async () => {
      await stand.app('INSERT INTO item (id) VALUES (1), (2), (3)')
      await stand.takeLog()
      const seen: { id: number; n: number; version: number }[] = []
      const writers = await Promise.all(Array.from({ length: 4 }, () => stand.connect()))
      await Promise.all(
        writers.map(async (writer, number) => {
          for (let round = 0; round < 40; round += 1) {
            const id = 1 + ((round * 7 + number) % 3)
            await writer.beginTransaction()
            await writer.query('UPDATE item SET n = n + 1 WHERE id = ?', [id])
            // Under the row's lock: the value, and the version that the trigger has just given it.
            const [rows] = await writer.query(
              "SELECT n, (SELECT MAX(version) FROM strangler_change_log WHERE tbl = 'item' AND `key` = ?) AS version FROM item WHERE id = ?",
              [JSON.stringify([String(id)]), id],
            )
            const [row] = rows as unknown as [{ n: string; version: string }]
            const kept = round % 5 !== 4
            if (kept) seen.push({ id, n: Number(row.n), version: Number(row.version) })
            await (kept ? writer.commit() : writer.rollback())
          }
        }),
      )
      for (const id of [1, 2, 3]) {
        const ofRow = seen.filter((entry) => entry.id === id).sort((left, right) => left.n - right.n)
        const versions = ofRow.map(({ version }) => version)
        expect(versions.length).toBeGreaterThan(30)
        expect(versions).toEqual([...versions].sort((left, right) => left - right))
        expect(new Set(versions).size).toBe(versions.length)
      }
    })
  },
)
