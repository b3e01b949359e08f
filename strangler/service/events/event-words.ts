/** Something that has happened in a service, told to others after its transaction has committed. */
export interface ServiceEvent<P = unknown> {
  /** Unique for ever: what has taken effect once is known by it. */
  readonly id: string
  /** E.g. `order.placed`. */
  readonly type: string
  /** The service that tells. */
  readonly source: string
  /** JSON. */
  readonly payload: P
  /** ISO 8601. */
  readonly at: string
}

/** What a consumer has done away with: its delivery need not be kept any more. */
export interface EventReceipt {
  readonly id: string
  readonly consumer: string
}
