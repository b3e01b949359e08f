import { randomBytes } from 'node:crypto'
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise'

/** A database of its own on the MariaDB that the whole run shares. */
export interface MariaDatabase {
  /** `mariadb://root@127.0.0.1:PORT/name` */
  readonly url: string
  readonly name: string
  drop(): Promise<void>
}

/**
 * Makes a fresh database; the first call of a run starts the server. Call it once per test file, only when
 * `requireProgram('mariadb')` found a server, and `drop()` it in `afterAll`.
 */
export async function createMariaDatabase(name = 'test'): Promise<MariaDatabase> {
  const server = await askForServer()
  const database = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}_${randomBytes(4).toString('hex')}`
  await withConnection(server, (connection) => connection.query(`CREATE DATABASE ${database}`))
  const url = new URL(server)
  url.pathname = `/${database}`
  return {
    url: url.href,
    name: database,
    drop: () =>
      withConnection(server, async (connection) => {
        await endConnections(connection, database)
        await connection.query(`DROP DATABASE IF EXISTS ${database}`)
      }),
  }
}

/** A connection for a test's own statements; when it is ended under them, the next statement says so. */
export async function openConnection(url: string, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await createConnection({ ...options, uri: url.replace(/^mariadb:/, 'mysql:') })
  connection.on('error', () => undefined)
  return connection
}

/** A connection that is left open would let DROP DATABASE wait for its metadata locks. */
async function endConnections(connection: Connection, database: string): Promise<void> {
  const [rows] = await connection.query('SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ?', [
    database,
  ])
  for (const { ID } of rows as { ID: number }[]) {
    // It may have ended by itself since we looked.
    await connection.query(`KILL ${ID}`).catch(() => undefined)
  }
}

async function askForServer(): Promise<string> {
  const named = process.env['STRANGLER_TEST_MARIADB_URL']
  if (named !== undefined) return named
  const starter = process.env['STRANGLER_TEST_MARIADB_STARTER']
  if (starter === undefined) {
    throw new Error('Run the tests through vitest: its global setup knows how to start MariaDB.')
  }
  const response = await fetch(starter)
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  return answer
}

async function withConnection(
  server: string,
  work: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await openConnection(server)
  try {
    await work(connection)
  } finally {
    await connection.end()
  }
}
