import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cascadeUp } from '../../../strangler/sync/dialects/mariadb/cascades.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { findAncestors } from '../../../strangler/sync/dialects/mariadb/introspect.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

const TABLES = [
  'CREATE TABLE shop (id INT PRIMARY KEY)',
  `CREATE TABLE folder (id INT PRIMARY KEY, shop INT, up INT, label VARCHAR(20),
    FOREIGN KEY (shop) REFERENCES shop (id) ON DELETE CASCADE ON UPDATE CASCADE,
    FOREIGN KEY (up) REFERENCES folder (id) ON DELETE CASCADE)`,
  `CREATE TABLE page (folder INT, number INT, note VARCHAR(20), PRIMARY KEY (folder, number),
    FOREIGN KEY (folder) REFERENCES folder (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
  `CREATE TABLE mark (id INT PRIMARY KEY, folder INT, number INT, owner INT,
    FOREIGN KEY (folder, number) REFERENCES page (folder, number) ON DELETE SET NULL ON UPDATE CASCADE,
    FOREIGN KEY (owner) REFERENCES shop (id) ON DELETE SET NULL)`,
]

describe.skipIf(mariadbd === undefined)(`cascades on MariaDB${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  beforeAll(async () => {
    stand = await openMariaStand('cascades')
    for (const sql of TABLES) await stand.app(sql)
  })
  afterAll(() => stand?.close())
  beforeEach(async () => {
    await stand.capture('folder', 'page', 'mark')
    for (const table of ['mark', 'page', 'folder', 'shop']) await stand.app(`DELETE FROM ${table}`)
    await stand.app('INSERT INTO shop VALUES (1), (2)')
    await stand.app('INSERT INTO folder VALUES (10, 1, NULL, ""), (11, 1, 10, ""), (12, 2, 11, "")')
    await stand.app('INSERT INTO page VALUES (10, 1, ""), (11, 1, ""), (12, 1, "")')
    await stand.app('INSERT INTO mark VALUES (100, 12, 1, 1), (101, NULL, NULL, 1)')
    await stand.takeLog()
  })
  const rows = async (table: string) => (await stand.app(`SELECT * FROM ${table}`)).length

  it('logs what goes with a parent, through every level, circles and tables outside the capability', async () => {
    await stand.app('DELETE FROM shop WHERE id = 1')
    expect(await rows('folder')).toBe(0)
    const log = await stand.takeLog()
    expect([...new Set(log)].sort()).toEqual([
      'D folder ["10"]',
      'D folder ["11"]',
      'D folder ["12"]',
      'D page ["10","1"]',
      'D page ["11","1"]',
      'D page ["12","1"]',
      'U mark ["100"]',
      'U mark ["101"]',
    ])
  })

  it('logs the old and the new keys of children whose key a parent changes', async () => {
    await stand.app('UPDATE folder SET id = 22 WHERE id = 12')
    expect(await stand.app('SELECT folder FROM mark WHERE id = 100')).toEqual([{ folder: '22' }])
    expect(new Set(await stand.takeLog())).toEqual(
      new Set([
        'U folder ["12"]',
        'U folder ["22"]',
        'U page ["12","1"]',
        'U page ["22","1"]',
        'U mark ["100"]',
      ]),
    )
  })

  it('logs nothing for children when the parent keeps its key', async () => {
    await stand.app("UPDATE folder SET label = 'x' WHERE id = 12")
    expect(await stand.takeLog()).toEqual(['U folder ["12"]'])
  })

  it.each([
    'DELETE FROM folder WHERE id IN (SELECT folder FROM page WHERE folder = 12)',
    'DELETE folder, page FROM folder JOIN page ON page.folder = folder.id WHERE folder.id = 12',
    "UPDATE folder JOIN page ON page.folder = folder.id SET folder.label = 'y' WHERE folder.id = 12",
    'REPLACE INTO folder (id, shop) VALUES (12, 2)',
  ])('lets the application run: %s', async (sql) => {
    await stand.app(sql)
    expect(await stand.takeLog()).toContainEqual(expect.stringContaining('folder ["12"]'))
  })

  it('would break such statements if the children were locked with FOR UPDATE', async () => {
    const tables = await stand.shapes('folder', 'page', 'mark')
    await stand.runAll(dialect.captureDown(tables, await stand.shapes('shop')))
    await stand.runAll(dialect.captureUp([], []))
    // The circle is left out: it would fail even on a plain DELETE.
    const [page] = await stand.shapes('page')
    await stand.runAll(cascadeUp([page!], [], 'FOR UPDATE'))
    const joined = stand.app('DELETE FROM folder WHERE id IN (SELECT folder FROM page WHERE folder = 12)')
    await expect(joined).rejects.toMatchObject({ errno: 1442 })
    await stand.runAll(dialect.captureDown([page!]))
  })

  describe('a child that changes while its parent is deleted', () => {
    let writer: Connection
    let deleter: Connection
    let gate: Connection
    beforeEach(async () => {
      gate = await stand.connect()
      writer = await stand.connect()
      deleter = await stand.connect()
    })

    /** The deleter has logged the child, and waits before it deletes it; the writer changes the child meanwhile. */
    async function race(
      lock: string | undefined,
      write = "UPDATE page SET note = 'new' WHERE folder = 12",
    ): Promise<{ logged: string[]; writerFailed: boolean }> {
      const tables = await stand.shapes('folder', 'page', 'mark')
      const ancestors = await findAncestors(stand.kit, stand.name, tables)
      await stand.runAll(cascadeUp(tables, ancestors, lock))
      // Runs after the kit's trigger and before the cascade: the moment in which a plain read leaves the child open.
      await stand.app(
        "CREATE OR REPLACE TRIGGER pause BEFORE DELETE ON folder FOR EACH ROW SET @p = GET_LOCK('pause', 60)",
      )
      await gate.query("DO GET_LOCK('pause', 60)")
      const deleting = deleter.query('DELETE FROM folder WHERE id = 12')
      await until(async () => (await waiting('User lock')) === 1)
      // It gives up after a second when the child is locked.
      await writer.query('SET innodb_lock_wait_timeout = 1')
      const writing = writer.query(write)
      const writerFailed = await writing.then(
        () => false,
        () => true,
      )
      await gate.query("DO RELEASE_LOCK('pause')")
      await deleting
      await deleter.query("DO RELEASE_LOCK('pause')")
      await stand.app('DROP TRIGGER pause')
      const [, table = ''] = write.split(' ')
      return { logged: (await stand.takeLog()).filter((entry) => entry.includes(table)), writerFailed }
    }

    const waiting = async (state: string) =>
      (
        await stand.app('SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = ?', [
          state,
        ])
      ).length

    it('loses the delete without the lock: the change has the higher version, and the row is gone', async () => {
      const { logged, writerFailed } = await race('')
      expect(writerFailed).toBe(false)
      expect(logged).toEqual(['D page ["12","1"]', 'U page ["12","1"]'])
      expect(await rows('page')).toBe(2)
    })

    it('has its last version from the delete, since the lock keeps others out', async () => {
      const { logged, writerFailed } = await race(undefined)
      expect(writerFailed).toBe(true)
      expect(logged).toEqual(['D page ["12","1"]'])
    })

    it('has it too where the index of the foreign key holds all that the trigger asks for', async () => {
      await stand.app('INSERT INTO folder VALUES (13, 2, 12, "")')
      // Where it is captured already, its coming is not what this is about.
      await stand.takeLog()
      const { logged, writerFailed } = await race(undefined, "UPDATE folder SET label = 'new' WHERE id = 13")
      expect(writerFailed).toBe(true)
      expect(new Set(logged.filter((entry) => entry.includes('13')))).toEqual(new Set(['D folder ["13"]']))
    })
  })

  it('leaves no trigger behind, on tables of others neither', async () => {
    const tables = await stand.shapes('folder', 'page', 'mark')
    await stand.runAll(dialect.captureDown(tables, await findAncestors(stand.kit, stand.name, tables)))
    expect(await stand.app('SHOW TRIGGERS')).toEqual([])
    expect(await stand.app("SHOW TABLES LIKE 'strangler%'")).toEqual([])
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(20)) if (await holds()) return
  throw new Error('It did not happen within 30 s.')
}
