import { createInventoryService } from '../../extracted/inventory/create-inventory-service.ts'
import { createOrdersService } from '../../extracted/orders/create-orders-service.ts'
import type { Service } from '../../extracted/platform/run-service.ts'
import { createMonolith, type Monolith } from '../../monolith/create-monolith.ts'
import type { MonolithOptions } from '../../monolith/monolith-options.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { captureShop, DIALECT_VARIABLE } from './capture-shop.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'

export interface Running<App> {
  readonly app: App
  readonly url: string
  readonly databaseUrl: string
  readonly client: HttpClient
  stop(): Promise<void>
}

interface Startable {
  start(port?: number): Promise<{ url: string }>
  stop(): Promise<void>
}

async function run<App extends Startable>(
  name: string,
  create: (databaseUrl: string) => Promise<App>,
): Promise<Running<App>> {
  const database = await createTestDatabase(name)
  const app = await create(database.url)
  const { url } = await app.start(0)
  return {
    ...{ app, url, databaseUrl: database.url, client: createHttpClient(url) },
    async stop() {
      await app.stop()
      await database.drop()
    },
  }
}

const isOnMaria = () => process.env[DIALECT_VARIABLE] === 'mariadb'

/** The whole suite also runs on a shop whose every table is captured (test/sync/unnoticed/): nothing may be otherwise then. */
async function runShop(options: Partial<MonolithOptions>): Promise<Running<Monolith>> {
  const database = await (isOnMaria() ? createMariaDatabase('shop') : createTestDatabase('shop'))
  const app = await createMonolith({ ...QUIET, ...options, databaseUrl: database.url })
  const capture = await captureShop(database.url)
  const { url } = await app.start(0)
  return {
    ...{ app, url, databaseUrl: database.url, client: createHttpClient(url) },
    async stop() {
      await app.stop()
      await capture.end()
      await database.drop()
    },
  }
}

/** Who answers for the inventory. Where the shop is on MariaDB it is alone: the services know PostgreSQL only. */
export const INVENTORY_SIDES: readonly ('monolith' | 'service')[] = isOnMaria()
  ? ['monolith']
  : ['monolith', 'service']

/** A small shop with no noise, no delay and no failing reports, unless the test asks for them. */
const QUIET = { rows: 90, reportDelayMs: 0, reportFailureRate: 0, noise: false, logLevel: 'silent' } as const

export const startShop = (options: Partial<MonolithOptions> = {}): Promise<Running<Monolith>> =>
  runShop(options)

/** The inventory service with a copy of the shop's rows. */
export const startInventory = (shop: Running<Monolith>, options = {}): Promise<Running<Service>> =>
  run('inventory', (databaseUrl) =>
    createInventoryService({
      ...{ logLevel: 'silent', databaseUrl, monolithUrl: shop.url, seedFrom: shop.databaseUrl },
      ...options,
    }),
  )

/** The orders service with a copy of the shop's rows; its stock comes from `inventoryBaseUrl`. */
export const startOrders = (
  shop: Running<Monolith>,
  inventoryBaseUrl: string,
  options = {},
): Promise<Running<Service>> =>
  run('orders', (databaseUrl) =>
    createOrdersService({
      ...{
        logLevel: 'silent',
        databaseUrl,
        monolithUrl: shop.url,
        seedFrom: shop.databaseUrl,
        inventoryBaseUrl,
      },
      ...options,
    }),
  )

/** user1 is staff, the others are customers. */
export async function signIn(shop: { readonly client: HttpClient }, number: number): Promise<string> {
  const credentials = { email: `user${number}@example.com`, password: 'password' }
  const { status, body } = await shop.client.post('/api/auth/sign-in', credentials)
  if (status !== 200) throw new Error(`user${number} could not sign in: ${status} ${JSON.stringify(body)}`)
  return body.token
}

/** Sets the stock of a sku to one amount in Berlin and nothing elsewhere. */
export async function setStock(staff: HttpClient, sku: string, onHand: number) {
  for (const [warehouse, amount] of [
    ['BER', onHand],
    ['LYO', 0],
    ['PRG', 0],
  ] as const) {
    const { status, body } = await staff.call('PUT', `/api/inventory/${sku}`, {
      body: { warehouse, onHand: amount },
    })
    if (status !== 200)
      throw new Error(`The stock of ${sku} could not be set: ${status} ${JSON.stringify(body)}`)
  }
}
