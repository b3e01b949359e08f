import type { DataSource } from 'typeorm'
import type { StockFeed } from '../inventory/stock-feed.ts'
import type { ResolvedOptions } from '../monolith-options.ts'
import type { Tokens } from '../users/tokens.ts'
import { endpointStockTaker } from './endpoint-stock-taker.ts'
import { createInventoryClient } from './inventory-client.ts'
import { recoverOrders } from './recover-orders.ts'
import type { StockTaker } from './stock-taker.ts'
import { transactionStockTaker } from './transaction-stock-taker.ts'

export interface StockTaking {
  readonly taker: StockTaker
  /** Undoes what the endpoint form left half done; nothing to do in the other one. */
  recover(): Promise<unknown>
}

interface Parts {
  readonly options: Pick<ResolvedOptions, 'coupling' | 'inventoryBaseUrl' | 'inventoryTimeoutMs'>
  readonly dataSource: DataSource
  readonly feed: StockFeed
  readonly tokens: Pick<Tokens, 'issue'>
}

/** The switch of the branch by abstraction: nothing else in the shop asks which form is on. */
export function createStockTaking({ options, dataSource, feed, tokens }: Parts): StockTaking {
  const { coupling, inventoryBaseUrl, inventoryTimeoutMs } = options
  if (coupling === 'transaction' || inventoryBaseUrl === undefined)
    return { taker: transactionStockTaker(dataSource, feed), recover: async () => 0 }
  const client = createInventoryClient({ baseUrl: inventoryBaseUrl, timeoutMs: inventoryTimeoutMs })
  const taker = endpointStockTaker(dataSource, client)
  async function authorize() {
    const token = await tokens.issue({ id: '0', email: 'shop@example.com', role: 'service' })
    return { headers: { authorization: `Bearer ${token}` } }
  }
  return { taker, recover: () => recoverOrders(dataSource, taker, authorize) }
}
