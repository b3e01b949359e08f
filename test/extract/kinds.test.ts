import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runMain } from '../cli/run-strangler.ts'
import { startLibrary } from '../init/library.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { recordContract } from './record-contract.ts'
import { type ExtractedService, linkPackages, startExtracted } from './run-extracted.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 90_000
type Kind = 'postgres' | 'mariadb'
const create = (kind: Kind, name: string) =>
  kind === 'mariadb' ? createMariaDatabase(name) : createTestDatabase(name)

async function run(url: string, statements: readonly string[]): Promise<unknown[]> {
  const results: unknown[] = []
  if (url.startsWith('postgres')) {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const sql of statements) results.push((await client.query(sql)).rows)
    await client.end()
    return results
  }
  const connection = await mysql.createConnection(url.replace('mariadb:', 'mysql:'))
  for (const sql of statements) results.push((await connection.query(sql))[0])
  await connection.end()
  return results
}

/** A table of each kind with what its own users like to use. */
const ZOO: Readonly<Record<Kind, readonly string[]>> = {
  postgres: [
    "CREATE TYPE mood AS ENUM ('it''s fine', 'so so')",
    'CREATE DOMAIN email AS varchar(80)',
    `CREATE TABLE zoo (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer, small smallint NOT NULL, amount numeric(12,2), free numeric,
      ratio double precision, short real, ok boolean, label varchar(40) UNIQUE, note text, born date, at timestamptz, at3 timestamptz(3),
      local timestamp, tod time, data jsonb, raw bytea, ref uuid, how mood, mail email, "Odd name" text)`,
    `CREATE TABLE zoo_tags (zoo_id bigint NOT NULL REFERENCES zoo ON DELETE CASCADE, tag varchar(20) NOT NULL, PRIMARY KEY (zoo_id, tag))`,
  ],
  mariadb: [
    `CREATE TABLE zoo (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT, small SMALLINT NOT NULL, count INT UNSIGNED, huge BIGINT UNSIGNED,
      amount DECIMAL(12,2), ratio DOUBLE, short FLOAT, ok TINYINT(1), label VARCHAR(40) UNIQUE, note LONGTEXT, born DATE, at TIMESTAMP(6) NULL,
      local DATETIME(3), tod TIME(6), data JSON, raw LONGBLOB, how ENUM('it''s fine', 'so so'), \`Odd name\` TEXT) DEFAULT CHARSET utf8mb4`,
    `CREATE TABLE zoo_tags (zoo_id BIGINT NOT NULL, tag VARCHAR(20) NOT NULL, PRIMARY KEY (zoo_id, tag),
      FOREIGN KEY (zoo_id) REFERENCES zoo (id) ON DELETE CASCADE) DEFAULT CHARSET utf8mb4`,
  ],
}

const PAIRS: readonly (readonly [Kind, Kind])[] = [
  ['postgres', 'postgres'],
  ['postgres', 'mariadb'],
  ['mariadb', 'mariadb'],
  ['mariadb', 'postgres'],
]

describe.each(PAIRS)('a service on %s from a monolith on %s', (to, from) => {
  const isSkipped = mariadbd === undefined && (to === 'mariadb' || from === 'mariadb')
  let folder: string
  let there: { url: string; drop(): Promise<void> }
  let here: { url: string; drop(): Promise<void> }
  let service: ExtractedService | undefined
  beforeAll(async () => {
    if (isSkipped) return
    there = await create(from, 'monolith')
    here = await create(to, 'extracted')
    folder = await mkdtemp(join(tmpdir(), 'strangler-kinds-'))
  }, SLOW_MS)
  afterAll(async () => {
    await service?.stop()
    await there?.drop()
    await here?.drop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  test.skipIf(isSkipped)(
    'has tables that the sync can fill as they stand, and answers what it was written to answer',
    async () => {
      await run(there.url, ZOO[from])
      const library = await startLibrary(there.url)
      const asked = {
        'GET /books': ['/books'],
        'GET /books/:isbn': ['/books/978-0131103627', '/books/978-0201633610', '/books/978-0262510875'],
      }
      const contract = await recordContract('books', library.url, asked)
      await writeFile(join(folder, 'contract.json'), JSON.stringify(contract))
      const config = {
        sides: {
          monolith: { url: library.url, database: there.url },
          books: { url: library.url, database: here.url },
        },
        capabilities: {
          books: {
            endpoints: [...Object.keys(asked), 'POST /books'],
            tables: ['books', 'book_tags', 'zoo', 'zoo_tags'],
          },
        },
      }
      const file = join(folder, 'strangler.config.mjs')
      await writeFile(file, `export default ${JSON.stringify(config)}`)
      const out = join(folder, 'books')
      const extracted = await runMain(
        ['extract', 'books', '--config', file, '--contract', join(folder, 'contract.json'), '--out', out],
        {},
      )
      expect(extracted).toMatchObject({ code: 0, stderr: '' })
      expect(extracted.stdout).toContain('POST /books: it is no GET')
      await linkPackages(out)
      service = await startExtracted(out, { DATABASE_URL: here.url })

      const doctor = await runMain(['doctor', 'books', '--config', file, '--json'], {})
      const findings: { severity: string; reason: string }[] = JSON.parse(doctor.stdout).capabilities[0]
        .findings
      expect(findings.filter(({ severity }) => severity === 'blocks')).toEqual([])

      const [books] = (await run(there.url, ['SELECT * FROM books'])) as [
        Record<string, string | number | boolean>[],
      ]
      const values = books.map(
        (row) =>
          `(${['isbn', 'title', 'pages', 'price', 'lent'].map((name) => (typeof row[name] === 'string' ? `'${row[name]}'` : row[name])).join(', ')})`,
      )
      await run(here.url, [
        `INSERT INTO books (isbn, title, pages, price, lent) VALUES ${values.join(', ').replaceAll(/(true|false)\)/g, (text) => text)}`,
      ])
      const url = service.url
      for (const path of ['/books', '/books/978-0201633610']) {
        const [theirs, ours] = await Promise.all(
          [library.url, url].map((base) => fetch(base + path).then((answer) => answer.json())),
        )
        expect(ours).toEqual(theirs)
      }
      expect((await fetch(`${url}/books/none`)).status).toBe(404)
      await library.stop()
    },
    SLOW_MS,
  )
})
