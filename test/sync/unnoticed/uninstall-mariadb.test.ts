import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { findAncestors } from '../../../strangler/sync/dialects/mariadb/introspect.ts'
import { canDumpMariadb, dumpMariadb } from '../../support/dump-mariadb.ts'
import { requireProgram } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from '../mariadb/maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

const isSkipped = mariadbd === undefined || !canDumpMariadb
describe.skipIf(isSkipped)(
  `uninstalling on MariaDB${isSkipped ? ' (skipped: mariadbd or mariadb-dump is not on this machine)' : ''}`,
  () => {
    let stand: MariaStand
    let tables: TableShape[]
    let ancestors: TableShape[]
    let before: string

    const dump = () => dumpMariadb(stand.url)

    beforeAll(async () => {
      stand = await openMariaStand('uninstall')
      await stand.app('CREATE TABLE owner (id INT PRIMARY KEY)')
      await stand.app(
        'CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, owner_id INT, name VARCHAR(9), FOREIGN KEY (owner_id) REFERENCES owner (id) ON DELETE CASCADE)',
      )
      await stand.app('CREATE TABLE part (id INT PRIMARY KEY)')
      // The application's own trigger stays, where it was in the order.
      await stand.app('CREATE TRIGGER own_one AFTER INSERT ON item FOR EACH ROW SET @own = 1')
      tables = await stand.shapes('item', 'part')
      ancestors = await findAncestors(stand.kit, stand.name, tables)
    })
    afterAll(() => stand?.close())
    beforeEach(async () => {
      before = await dump()
    })

    const asSource = () => dialect.captureUp(tables, ancestors)
    const asTarget = () => [
      ...dialect.targetUp(),
      ...tables.flatMap((table) => dialect.guard(table, 'reject')),
    ]
    const down = (shapes = tables) => [
      ...dialect.captureDown(shapes, ancestors),
      ...shapes.flatMap((table) => dialect.guard(table, 'off')),
      ...dialect.targetDown(shapes),
    ]

    test('leaves the dump as it was, from either role and from both', async () => {
      for (const up of [asSource(), asTarget(), [...asSource(), ...asTarget()]]) {
        await stand.runAll(up)
        expect(await dump()).not.toBe(before)
        await stand.runAll(down())
        expect(await dump()).toBe(before)
      }
    })

    test('leaves the dump as it was after an install that was killed after any statement', async () => {
      const up = [...asTarget(), ...asSource()]
      for (let count = 1; count < up.length; count += 1) {
        await stand.runAll(up.slice(0, count))
        await stand.runAll(down())
        expect(await dump(), `after ${count} statements`).toBe(before)
      }
    }, 120_000)

    test('leaves the kit’s tables to another capability that has applied nothing yet', async () => {
      const [item, part] = [[tables[0]!], [tables[1]!]]
      const listTables = () => stand.app("SHOW TABLES LIKE 'strangler%'")
      await stand.runAll([...dialect.targetUp(), ...dialect.guard(part[0]!, 'reject')])
      const installed = await listTables()
      await stand.runAll(dialect.guard(item[0]!, 'reject'))
      await stand.runAll(down(item))
      expect(await listTables()).toEqual(installed)
      // Twin: without its guard nothing tells that it is there.
      await stand.runAll(dialect.guard(part[0]!, 'off'))
      await stand.runAll(down(item))
      expect(await dump()).toBe(before)
    })

    test('leaves nothing behind when a table was dropped meanwhile', async () => {
      await stand.runAll([...asSource(), ...asTarget()])
      await stand.app('DROP TABLE part')
      const gone = { ...tables[1]!, columns: [], key: [], uniques: [], foreignKeys: [] }
      await stand.runAll(down([tables[0]!, gone]))
      await stand.app('CREATE TABLE part (id INT PRIMARY KEY)')
      expect(await dump()).toBe(before)
    })

    test('negative control: a trigger that stays shows in the dump', async () => {
      await stand.runAll(asSource())
      await stand.runAll(down().filter((sql) => !sql.includes('strangler_capture_delete_part')))
      expect(await dump()).toContain('strangler_capture_delete_part')
      await stand.runAll(down())
      expect(await dump()).toBe(before)
    })
  },
)
