import { expect, test } from 'vitest'
import { describe as describeError } from '../../strangler/sync/classify-error.ts'
import { createMariaDatabase, openConnection } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, openPool } from '../support/postgres.ts'

const mariadbd = await requireProgram('mariadb')
const SECRET = 'bob\'@"example.com'
const HIDDEN = /bob|example|4711471147114711/

/** What a row may be refused for, and a word of the sentence that has to stay. */
const REFUSED: readonly [string, unknown, RegExp][] = [
  ['INSERT INTO people (email) VALUES (?)', SECRET, /people_email|email/],
  ['INSERT INTO people (id) VALUES (?)', SECRET, /integer|id/i],
  ['INSERT INTO people (id) VALUES (?)', '4711471147114711', /out of range|integer/i],
  ['INSERT INTO people (born) VALUES (?)', SECRET, /date|born/i],
  ['INSERT INTO people (born) VALUES (?)', '4711471147114711-01-01', /date|born/i],
  ['INSERT INTO people (email) VALUES (?)', SECRET.repeat(20), /too long|email/i],
  ['INSERT INTO people (extra) VALUES (?)', `{${SECRET}`, /json|extra/i],
  ['INSERT INTO people (price) VALUES (?)', SECRET, /numeric|decimal|price/i],
]

async function expectHidden(run: (sql: string, value: unknown) => Promise<unknown>): Promise<string[]> {
  await run('INSERT INTO people (email) VALUES (?)', SECRET)
  const raw: string[] = []
  for (const [sql, value, stays] of REFUSED) {
    const error = await run(sql, value).then(
      () => expect.fail(`${sql} was not refused`),
      (refused: Error) => refused,
    )
    raw.push(error.message)
    const sentence = describeError(error)
    expect(sentence).not.toMatch(HIDDEN)
    expect(sentence).toMatch(stays)
  }
  return raw
}

const TABLE = (json: string) =>
  `CREATE TABLE people (id integer, email varchar(60), born date, extra ${json}, price decimal(8, 2), CONSTRAINT people_email UNIQUE (email))`

test('what PostgreSQL quotes of a row stays in the row', async () => {
  const database = await createTestDatabase('sentences')
  const pool = openPool(database.url)
  try {
    await pool.query(TABLE('jsonb'))
    const raw = await expectHidden((sql, value) => pool.query(sql.replace('?', '$1'), [value]))
    // Else there would be nothing to hide.
    expect(raw.filter((message) => HIDDEN.test(message)).length).toBeGreaterThan(3)
  } finally {
    await pool.end()
    await database.drop()
  }
})

test.skipIf(mariadbd === undefined)('nor does what MariaDB quotes leave it', async () => {
  const database = await createMariaDatabase('sentences')
  const connection = await openConnection(database.url)
  try {
    await connection.query(TABLE('json'))
    const raw = await expectHidden((sql, value) => connection.query(sql, [value]))
    expect(raw.filter((message) => HIDDEN.test(message)).length).toBeGreaterThan(3)
  } finally {
    await connection.end()
    await database.drop()
  }
})
