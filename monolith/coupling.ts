import type { DataSource } from 'typeorm'
import type { DeliveryTaker } from './inventory/delivery-taker.ts'
import { endpointDeliveryTaker } from './inventory/endpoint-delivery-taker.ts'
import { createInventoryHttp, type InventoryCall } from './inventory/inventory-http.ts'
import type { StockFeed } from './inventory/stock-feed.ts'
import { transactionDeliveryTaker } from './inventory/transaction-delivery-taker.ts'
import { countStockNightly } from './jobs/count-stock-nightly.ts'
import { countStockThroughEndpoints } from './jobs/count-stock-through-endpoints.ts'
import type { NightlyCount } from './jobs/nightly-count.ts'
import type { ResolvedOptions } from './monolith-options.ts'
import { endpointStockTaker } from './orders/endpoint-stock-taker.ts'
import { createInventoryClient } from './orders/inventory-client.ts'
import { recoverOrders } from './orders/recover-orders.ts'
import type { StockTaker } from './orders/stock-taker.ts'
import { transactionStockTaker } from './orders/transaction-stock-taker.ts'
import { createOrderUndo } from './orders/undo-order.ts'
import type { Tokens } from './users/tokens.ts'

/** Everything in the shop that writes stock without being the inventory, each in the form that is switched on. */
export interface Coupling {
  readonly stockTaker: StockTaker
  readonly deliveryTaker: DeliveryTaker
  readonly countNightly: NightlyCount
  /** Undoes orders that the endpoint form left half done; nothing to do in the other one. */
  recoverOrders(): Promise<unknown>
}

interface Parts {
  readonly options: ResolvedOptions
  readonly dataSource: DataSource
  readonly feed: StockFeed
  readonly tokens: Pick<Tokens, 'issue'>
}

export interface CouplingForms {
  /** Orders and deliveries. */
  readonly coupling: ResolvedOptions['coupling']
  readonly nightlyForm: ResolvedOptions['nightlyForm']
}

/** In forms that can be changed while the shop sells: what has begun in one form ends in it. */
export interface SwitchableCoupling extends Coupling {
  /** Returns whether it could: the endpoints need an address. */
  use(forms: CouplingForms): boolean
}

/** The switch of the branch by abstraction: nothing else in the shop asks which form is on. */
export function createCoupling(parts: Parts): SwitchableCoupling {
  let present = formsOf(parts, parts.options)
  return {
    stockTaker: {
      place: (...order) => present.stockTaker.place(...order),
      resume: (...order) => present.stockTaker.resume(...order),
      cancel: (...order) => present.stockTaker.cancel(...order),
    },
    deliveryTaker: { takeIn: (delivery) => present.deliveryTaker.takeIn(delivery) },
    countNightly: (night) => present.countNightly(night),
    recoverOrders: () => present.recoverOrders(),
    use(forms) {
      const isEndpoints = forms.coupling === 'endpoints' || forms.nightlyForm === 'endpoints'
      if (isEndpoints && parts.options.inventoryBaseUrl === undefined) return false
      present = formsOf(parts, forms)
      return true
    },
  }
}

function formsOf({ options, dataSource, feed, tokens }: Parts, forms: CouplingForms): Coupling {
  const { inventoryBaseUrl: baseUrl, inventoryTimeoutMs: timeoutMs } = options
  const { coupling, nightlyForm } = forms
  const direct: Coupling = {
    stockTaker: transactionStockTaker(dataSource, feed),
    deliveryTaker: transactionDeliveryTaker(dataSource, feed),
    countNightly: countStockNightly(dataSource),
    recoverOrders: async () => 0,
  }
  if (baseUrl === undefined) return direct

  const http = createInventoryHttp({ baseUrl, timeoutMs })
  const inventory = createInventoryClient(http)
  const undo = createOrderUndo(dataSource, inventory)
  async function authorize(): Promise<InventoryCall> {
    const token = await tokens.issue({ id: '0', email: 'shop@example.com', role: 'service' })
    return { headers: { authorization: `Bearer ${token}` } }
  }
  return {
    ...direct,
    ...(coupling === 'endpoints' && {
      stockTaker: endpointStockTaker(dataSource, inventory, undo),
      deliveryTaker: endpointDeliveryTaker(dataSource, http, authorize),
      recoverOrders: () => recoverOrders(dataSource, undo, authorize),
    }),
    ...(nightlyForm === 'endpoints' && { countNightly: countStockThroughEndpoints(http, authorize) }),
  }
}
