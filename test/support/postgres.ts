import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** A database of its own on the server that the whole run shares. */
export interface TestDatabase {
  readonly url: string
  /** Ends every connection to it and deletes it. */
  drop(): Promise<void>
}

/** Makes a fresh database; call it once per test file and `drop()` it in `afterAll`. */
export async function createTestDatabase(name = 'test'): Promise<TestDatabase> {
  const server = process.env['STRANGLER_TEST_PG_URL']
  if (server === undefined) {
    throw new Error(
      'STRANGLER_TEST_PG_URL is not set: run the tests through vitest, whose global setup starts the server.',
    )
  }
  const database = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}_${randomBytes(4).toString('hex')}`
  await runStatement(server, `CREATE DATABASE ${database}`)
  const url = new URL(server)
  url.pathname = `/${database}`
  return {
    url: url.href,
    drop: () => runStatement(server, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
  }
}

/** A pool for a test's own statements: its connections may still be closing when the database is dropped, or a test may drop it. */
export function openPool(connectionString: string, max = 3): pg.Pool {
  return new pg.Pool({ connectionString, max }).on('error', () => undefined)
}

/**
 * A connection for a test's own statements. When a database is dropped under it, which happens where a test has failed, the next statement says so: as an
 * error that nobody handles it would stand in front of what really failed.
 */
export async function openClient(connectionString: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ ...config, connectionString })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function runStatement(server: string, statement: string): Promise<void> {
  const client = await openClient(server)
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
