import pg from 'pg'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/postgres.ts'

test('every call gives a database that nobody else sees, and drop removes it under an open connection', async () => {
  const [one, two] = await Promise.all([createTestDatabase('mine'), createTestDatabase('mine')])
  expect(one.url).not.toBe(two.url)
  const client = new pg.Client({ connectionString: one.url })
  const ended = new Promise((resolve) => client.on('error', resolve))
  await client.connect()
  await client.query('CREATE TABLE t (a int)')
  await one.drop()
  expect(String(await ended)).toMatch(/terminat/)
  await expect(new pg.Client({ connectionString: one.url }).connect()).rejects.toThrow(/does not exist/)
  await two.drop()
})
