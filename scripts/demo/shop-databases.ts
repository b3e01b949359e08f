import { existsSync } from 'node:fs'
import path from 'node:path'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { findMariaProgram, startMariaServer } from '../../strangler/infra/mariadb-server.ts'
import { DemoError } from './demo-error.ts'

/** Addresses, each with its password. */
export interface ShopDatabases {
  readonly shop: string
  readonly inventory: string
  readonly orders: string
  /** A service's own, empty, for as long as `work` takes. */
  withEmpty<T>(work: (url: string) => Promise<T>): Promise<T>
  /** The same, for as long as the server runs; the one of before is dropped. */
  makeEmpty(): Promise<string>
}

export interface DatabaseOptions {
  readonly directory: string
  /** Where the monolith keeps its data; the services are on PostgreSQL in any case. */
  readonly db: 'postgres' | 'mariadb'
  readonly release: (stop: () => Promise<void>) => void
  readonly say: (line: string) => void
}

/**
 * Starts the servers and makes the databases that are missing.
 * @throws DemoError when a MariaDB is asked for and none is installed, or when the folder's shop has its data in the other kind
 */
export async function startDatabases(options: DatabaseOptions): Promise<ShopDatabases> {
  const { directory, db, release, say } = options
  checkKind(directory, db)
  const postgres = await startEmbeddedPostgres({ directory: path.join(directory, 'shop-postgres') })
  release(() => postgres.stop())
  say(`PostgreSQL for the ${db === 'postgres' ? 'shop' : 'services'} on port ${postgres.port}`)
  const { shop, inventory, orders } = await createDatabases(postgres.url, ['shop', 'inventory', 'orders'])
  return {
    ...{ inventory, orders },
    shop: db === 'postgres' ? shop : await startMariaShop(options),
    withEmpty: (work) => withEmpty(postgres.url, work),
    makeEmpty: () => makeEmpty(postgres.url),
  }
}

/** The journal speaks of the database that there was; another one in its place would look like one that has lost everything. */
function checkKind(directory: string, db: DatabaseOptions['db']): void {
  const kept = existsSync(path.join(directory, 'shop-mariadb', 'data')) ? 'mariadb' : 'postgres'
  if (kept === db || !existsSync(path.join(directory, 'shop-postgres', 'data'))) return
  throw new DemoError(
    `The shop in ${directory} was made with --db ${kept}, and its migration is written down for that. Start it with --db ${kept}, or begin anew with --fresh.`,
  )
}

async function startMariaShop({ directory, release, say }: DatabaseOptions): Promise<string> {
  const program = await findMariaProgram()
  if (program === undefined) {
    throw new DemoError(
      'mariadbd is not on this machine, and --db mariadb keeps the monolith’s data in one. Install mariadb-server, or leave --db away.',
    )
  }
  // Before the old side is retired it is asked who still reads its tables, and MariaDB counts that only so.
  const flags = ['--performance-schema=ON']
  const server = await startMariaServer({ directory: path.join(directory, 'shop-mariadb'), program, flags })
  release(() => server.stop())
  say(`MariaDB for the shop on port ${server.port}`)
  const connection = await createConnection(server.url)
  await connection.query('CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4')
  await connection.end()
  return `${server.url}shop`
}

async function createDatabases<Name extends string>(
  url: string,
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database')
    const present = new Set(rows.map(({ datname }) => datname))
    for (const name of names)
      if (!present.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
  return Object.fromEntries(names.map((name) => [name, new URL(`/${name}`, url).href])) as Record<
    Name,
    string
  >
}

const EMPTY = 'of_a_test'

async function makeEmpty(url: string): Promise<string> {
  await dropDatabase(url, EMPTY)
  return (await createDatabases(url, [EMPTY]))[EMPTY]
}

async function withEmpty<T>(url: string, work: (url: string) => Promise<T>): Promise<T> {
  const made = await makeEmpty(url)
  try {
    return await work(made)
  } finally {
    await dropDatabase(url, EMPTY)
  }
}

async function dropDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`)
  } finally {
    await client.end()
  }
}
