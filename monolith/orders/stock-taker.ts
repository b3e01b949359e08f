import type { Order, OrderItem } from './order-entities.ts'

export type DraftItem = Omit<OrderItem, 'orderId' | 'line'>

export interface OrderDraft {
  /** Made by us before anything is written; the idempotency key of the stock that the order takes. */
  readonly reference: string
  readonly userId: number
  readonly idempotencyKey: string | null
  readonly items: readonly DraftItem[]
}

/** What travels with calls that are made while a request is served. */
export interface CallContext {
  readonly headers: Readonly<Record<string, string>>
}

/**
 * How an order and its stock become one (branch by abstraction). `transaction`: both are rows of one database and commit
 * together. `endpoints`: the stock is reserved over HTTP and given back when the order fails.
 */
export interface StockTaker {
  /** Saves the order and takes its stock; when either fails, neither has happened and the reason is thrown. */
  place(draft: OrderDraft, call: CallContext): Promise<Order>
  /** Brings an order that was found again by its idempotency key to its end. */
  resume(order: Order, call: CallContext): Promise<Order>
  /** Gives the stock back and marks the order cancelled. Doing it twice is the same as once. */
  cancel(order: Order, call: CallContext): Promise<Order>
}

export const stockKey = (reference: string) => `order:${reference}`
