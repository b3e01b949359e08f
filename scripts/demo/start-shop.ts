import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { lastGoodPath } from '../../strangler/state/last-good-table.ts'
import { type Program, startProgram } from './child-process.ts'
import { type DatabaseOptions, type ShopDatabases, startDatabases } from './shop-databases.ts'
import { takePort } from './take-port.ts'

/** The sample shop with its two services, each with a database of its own. */
export interface Shop {
  readonly monolith: Program
  readonly inventory: Program
  readonly orders: Program
  readonly databases: ShopDatabases
}

/** `release` runs when the shop is to stop; last in, first out. */
export interface ShopOptions extends DatabaseOptions {
  readonly root: string
  readonly rows: string
  /** Where the proxy will be: the orders take stock from whoever owns it. */
  readonly proxyUrl: string
  /** Further arguments of the inventory service. */
  readonly inventoryArgs: readonly string[]
}

/**
 * Starts the databases, then the monolith, then both services, with empty databases: the kit's sync brings the rows. In the monolith orders still
 * take their stock in a transaction of their own.
 */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { root, directory, rows, proxyUrl, inventoryArgs, release, say } = options
  const databases = await startDatabases(options)
  const { shop } = databases
  const environments = {
    monolith: { DATABASE_URL: shop },
    inventory: { DATABASE_URL: databases.inventory },
    orders: { DATABASE_URL: databases.orders },
  }
  const program = async (
    name: 'monolith' | 'inventory' | 'orders',
    { usualPort, args }: { usualPort: number; args: readonly string[] },
  ): Promise<Program> => {
    const port = await takePort(name, usualPort, say)
    const file = name === 'monolith' ? 'monolith/main.ts' : `extracted/${name}/main.ts`
    const running = await startProgram(name, {
      args: [path.join(root, file), '--port', String(port), ...args],
      env: environments[name],
      logFile: path.join(directory, 'shop-logs', `${name}.log`),
    })
    release(() => running.stop())
    say(`${name} at ${running.url}`)
    return running
  }
  const monolith = await program('monolith', {
    usualPort: 3000,
    args: ['--rows', rows, '--inventory-base-url', proxyUrl, ...(await formsOf(directory))],
  })
  // For whoever switches its coupling by hand.
  await writeFile(path.join(directory, 'monolith.pid'), `${monolith.pid}\n`)
  const inventory = await program('inventory', {
    usualPort: 3001,
    args: ['--monolith-url', monolith.url, ...inventoryArgs],
  })
  const orders = await program('orders', {
    usualPort: 3002,
    args: ['--monolith-url', monolith.url, '--inventory-base-url', proxyUrl],
  })
  return { monolith, inventory, orders, databases }
}

/** Begun anew where the inventory has moved out before, the shop must not take stock from its own table any more. */
async function formsOf(directory: string): Promise<string[]> {
  const file = lastGoodPath(directory, 'main')
  if (!existsSync(file)) return []
  const { body = '{}' } = JSON.parse(await readFile(file, 'utf8')) as { body?: string }
  const { state } = JSON.parse(body) as { state?: { owners?: { inventory?: { side?: string } } } }
  const hasMoved = state?.owners?.inventory?.side === 'service'
  return hasMoved ? ['--coupling', 'endpoints', '--nightly-form', 'endpoints'] : []
}
