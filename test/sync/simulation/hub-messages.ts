export type LaneName = 'apply' | 'backfill' | 'results'

/** From a child to the queue in the test's process. */
export type ToHub =
  | { readonly kind: 'send'; readonly id: number; readonly lane: LaneName; readonly texts: readonly string[] }
  | { readonly kind: 'receive' | 'leave'; readonly lane: LaneName }
  | { readonly kind: 'done'; readonly lane: LaneName; readonly id: number }

/** And back. */
export type ToChild =
  | { readonly kind: 'sent'; readonly id: number; readonly generation: number }
  | { readonly kind: 'job'; readonly lane: LaneName; readonly id: number; readonly text: string }
