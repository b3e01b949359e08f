import type { OrderItem } from './order-entities.ts'

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

export const stockKey = (reference: string) => `order:${reference}`
