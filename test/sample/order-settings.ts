import type { DataSource } from 'typeorm'
import type { HttpClient } from './http-client.ts'
import { type Relay, startRelay } from './relay.ts'
import { INVENTORY_SIDES, signIn, startInventory, startOrders, startShop } from './sample-shop.ts'

export interface OrderSetting {
  readonly orders: HttpClient
  /** Where the stock is that the orders take. */
  readonly inventory: HttpClient
  /** What lies between the two; in one transaction there is nothing. */
  readonly relay: Relay | null
  readonly database: DataSource
  /** Undoes, now, the orders that were left half done. */
  recover(): Promise<void>
  /** Tokens by user number: user1 is staff, user2 and user3 are customers. */
  readonly tokens: readonly string[]
  stop(): Promise<void>
}

const stopAll = async (...parts: { stop(): Promise<void> }[]) => {
  for (const part of parts) await part.stop()
}

const tokensOf = async (shop: Parameters<typeof signIn>[0]) => [
  '',
  ...(await Promise.all([1, 2, 3].map((n) => signIn(shop, n)))),
]

const recoverOf = (app: { jobs: readonly { name: string; run(): Promise<void> }[] }) => async () => {
  for (const job of app.jobs) if (job.name === 'recover orders') await job.run()
}

async function startInOneTransaction(): Promise<OrderSetting> {
  const shop = await startShop()
  const database = shop.app.dataSource
  return {
    orders: shop.client,
    inventory: shop.client,
    relay: null,
    database,
    recover: recoverOf(shop.app),
    tokens: await tokensOf(shop),
    stop: shop.stop,
  }
}

async function startThroughOwnEndpoints(inventoryTimeoutMs = 10_000): Promise<OrderSetting> {
  const relay = await startRelay()
  const shop = await startShop({
    coupling: 'endpoints',
    inventoryBaseUrl: relay.url,
    inventoryTimeoutMs,
  })
  relay.target = shop.url
  const stop = () => stopAll(shop, relay)
  return {
    orders: shop.client,
    inventory: shop.client,
    relay,
    database: shop.app.dataSource,
    recover: recoverOf(shop.app),
    tokens: await tokensOf(shop),
    stop,
  }
}

async function startThroughInventoryService(inventoryTimeoutMs = 10_000): Promise<OrderSetting> {
  const relay = await startRelay()
  const shop = await startShop({
    coupling: 'endpoints',
    inventoryBaseUrl: relay.url,
    inventoryTimeoutMs,
  })
  const service = await startInventory(shop)
  relay.target = service.url
  const stop = () => stopAll(service, shop, relay)
  return {
    orders: shop.client,
    inventory: service.client,
    relay,
    database: shop.app.dataSource,
    recover: recoverOf(shop.app),
    tokens: await tokensOf(shop),
    stop,
  }
}

async function startOrdersService(inventoryTimeoutMs = 10_000): Promise<OrderSetting> {
  const relay = await startRelay()
  const shop = await startShop()
  const inventory = await startInventory(shop)
  const service = await startOrders(shop, relay.url, { inventoryTimeoutMs })
  relay.target = inventory.url
  const stop = () => stopAll(service, inventory, shop, relay)
  const { client: orders, app } = service
  return {
    orders,
    inventory: inventory.client,
    relay,
    database: app.dataSource,
    recover: recoverOf(app),
    tokens: await tokensOf(shop),
    stop,
  }
}

/** What the shop can do alone. */
const SHOP_SETTINGS = {
  'in one transaction': startInOneTransaction,
  'through its own endpoints': startThroughOwnEndpoints,
} as const

/** The ways in which the sample takes orders; whatever the way, the client must see the same. */
export const ORDER_SETTINGS = {
  ...SHOP_SETTINGS,
  'through the inventory service': startThroughInventoryService,
  'in the orders service': startOrdersService,
} as const

/** Those that there are where the tests run. */
export const ORDER_SETTINGS_HERE = INVENTORY_SIDES.includes('service') ? ORDER_SETTINGS : SHOP_SETTINGS
