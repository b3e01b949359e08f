import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { findAncestors } from '../../../strangler/sync/dialects/mariadb/introspect.ts'
import { countZeroDates } from '../../../strangler/sync/dialects/mariadb/zero-dates.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

describe.skipIf(mariadbd === undefined)(`shapes of MariaDB tables${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  beforeAll(async () => {
    stand = await openMariaStand('introspect')
    await stand.app("SET sql_mode = ''")
  })
  afterAll(() => stand?.close())

  async function shapeOf(columns: string, options = ''): Promise<TableShape> {
    await stand.app(`CREATE OR REPLACE TABLE t (${columns}) ${options}`)
    const [table] = await stand.shapes('t', 'there_is_no_such_table')
    return table!
  }

  it('names the columns in their order, with what the database does to them', async () => {
    const table = await shapeOf(
      "id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, e ENUM('a','it''s'), g INT AS (id + 1) VIRTUAL, j JSON, l LONGTEXT NOT NULL",
    )
    expect(table.columns).toMatchObject([
      {
        name: 'id',
        family: 'integer',
        type: 'bigint(20) unsigned',
        nullable: false,
        identity: true,
        generated: false,
      },
      { name: 'e', family: 'enum', nullable: true, enumLabels: ['a', "it's"] },
      { name: 'g', family: 'integer', generated: true },
      { name: 'j', family: 'json', type: 'json' },
      { name: 'l', family: 'text', type: 'longtext', nullable: false },
    ])
  })

  it.each<[string, string, string[]]>([
    ['the primary key, in its order', 'a INT, b INT, u INT NOT NULL UNIQUE, PRIMARY KEY (b, a)', ['b', 'a']],
    ['a unique key without NULL instead', 'a INT, b INT NOT NULL, UNIQUE (a), UNIQUE (b)', ['b']],
    ['no key that allows NULL', 'a INT, UNIQUE (a)', []],
    ['no key on the beginning of a text', 'a TEXT NOT NULL, UNIQUE (a(10))', []],
  ])('takes as key %s', async (_, columns, key) => {
    const table = await shapeOf(columns)
    expect(table).toMatchObject({ key, keyDeferrable: false })
    expect(table.keyRefused).toBeUndefined()
  })

  it('names the other unique keys', async () => {
    const table = await shapeOf(
      'a INT PRIMARY KEY, b INT, c INT, d TEXT, UNIQUE (b, c), UNIQUE (c), UNIQUE (d(5))',
    )
    expect(table.uniques).toEqual([['b', 'c'], ['c']])
  })

  it.each<[string, string, string, string]>([
    ['of a float', 'a DOUBLE PRIMARY KEY', '', 'column a of the key is double'],
    [
      'that is too long for the log',
      'a VARCHAR(600) PRIMARY KEY',
      'CHARACTER SET utf8mb4',
      'characters, and the log holds 675',
    ],
    ['of a table without transactions', 'a INT PRIMARY KEY', 'ENGINE=Aria', 'engine is Aria'],
  ])('refuses a key %s, and says why', async (_, columns, options, reason) => {
    const table = await shapeOf(columns, options)
    expect(table.key).toEqual([])
    expect(table.keyRefused).toContain(reason)
  })

  it('follows foreign keys up to all tables that a cascade can start from', async () => {
    for (const sql of [
      'CREATE TABLE top (a INT, b INT, PRIMARY KEY (a, b))',
      'CREATE TABLE middle (id INT PRIMARY KEY, a INT, b INT, CONSTRAINT up FOREIGN KEY (a, b) REFERENCES top (a, b) ON DELETE CASCADE ON UPDATE SET NULL)',
      'CREATE TABLE low (id INT PRIMARY KEY, m INT, up INT, FOREIGN KEY (m) REFERENCES middle (id), FOREIGN KEY (up) REFERENCES low (id))',
    ])
      await stand.app(sql)
    const tables = await stand.shapes('low')
    const ancestors = await findAncestors(stand.kit, stand.name, tables)
    expect(ancestors.map(({ name }) => name)).toEqual(['middle', 'top'])
    expect(ancestors[0]!.foreignKeys).toEqual([
      {
        name: 'up',
        columns: ['a', 'b'],
        referencedTable: 'top',
        referencedColumns: ['a', 'b'],
        onDelete: 'CASCADE',
        onUpdate: 'SET NULL',
        deferrable: false,
      },
    ])
  })

  it('counts dates that only MariaDB knows', async () => {
    const table = await shapeOf('id INT PRIMARY KEY, d DATE, t DATETIME, s TIMESTAMP NULL, n INT')
    await stand.app(
      "INSERT INTO t VALUES (1, '2024-00-00', '2024-01-00', 0, 1), (2, 0, '2024-01-01', NULL, 1), (3, NULL, NULL, NOW(), 1)",
    )
    const counts = await stand.kit(countZeroDates({ table, columns: ['id', 'd', 't', 's', 'n'] })!)
    expect(counts).toEqual([
      { column: 'd', zeros: '2' },
      { column: 't', zeros: '1' },
      { column: 's', zeros: '1' },
    ])
    expect(countZeroDates({ table, columns: ['id', 'n'] })).toBeUndefined()
  })
})
