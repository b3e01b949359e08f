import path from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { type Program, startProgram } from './child-process.ts'
import { takePort } from './take-port.ts'

/** The sample shop with its two services, each with a database of its own. */
export interface Shop {
  readonly monolith: Program
  readonly inventory: Program
  readonly orders: Program
}

export interface ShopOptions {
  readonly root: string
  readonly directory: string
  readonly rows: string
  /** Runs when the shop is to stop; last in, first out. */
  readonly release: (stop: () => Promise<void>) => void
  readonly say: (line: string) => void
}

/** Starts PostgreSQL for the shop, then the monolith, then both services with a copy of the monolith's rows. */
export async function startShop({ root, directory, rows, release, say }: ShopOptions): Promise<Shop> {
  const postgres = await startEmbeddedPostgres({ directory: path.join(directory, 'shop-postgres') })
  release(() => postgres.stop())
  const { shop, ...databases } = await createDatabases(postgres.url, ['shop', 'inventory', 'orders'])
  say(`PostgreSQL for the shop on port ${postgres.port}`)
  const program = async (
    name: 'monolith' | 'inventory' | 'orders',
    { usualPort, args }: { usualPort: number; args: readonly string[] },
  ): Promise<Program> => {
    const port = await takePort(name, usualPort, say)
    const file = name === 'monolith' ? 'monolith/main.ts' : `extracted/${name}/main.ts`
    const running = await startProgram(name, {
      args: [path.join(root, file), '--port', String(port), ...args],
      env: name === 'monolith' ? { DATABASE_URL: shop } : { DATABASE_URL: databases[name], SEED_FROM: shop },
      logFile: path.join(directory, 'shop-logs', `${name}.log`),
    })
    release(() => running.stop())
    say(`${name} at ${running.url}`)
    return running
  }
  const monolith = await program('monolith', { usualPort: 3000, args: ['--rows', rows] })
  const inventory = await program('inventory', { usualPort: 3001, args: ['--monolith-url', monolith.url] })
  const orders = await program('orders', {
    usualPort: 3002,
    args: ['--monolith-url', monolith.url, '--inventory-base-url', inventory.url],
  })
  return { monolith, inventory, orders }
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
