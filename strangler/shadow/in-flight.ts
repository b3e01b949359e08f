import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { Skipped } from './create-shadow.ts'

/** The exchanges that a thread has and has said nothing of yet. */
export interface InFlight {
  readonly count: number
  readonly bytes: number
  add(exchange: CapturedExchange): void
  /** So many of an endpoint are over, for which so many bytes were held. */
  remove(judged: { readonly endpoint: string; readonly count: number; readonly bytes: number }): void
  /** What is lost with the thread, by endpoint. */
  lost(): Skipped[]
}

export function createInFlight(): InFlight {
  const endpoints = new Map<string, { readonly capability: string; count: number }>()
  let count = 0
  let bytes = 0
  return {
    get count() {
      return count
    },
    get bytes() {
      return bytes
    },
    add(exchange) {
      count += 1
      bytes += exchange.bytes
      const present = endpoints.get(exchange.endpoint)
      if (present !== undefined) present.count += 1
      else endpoints.set(exchange.endpoint, { capability: exchange.capability, count: 1 })
    },
    remove(judged) {
      count -= judged.count
      bytes -= judged.bytes
      const present = endpoints.get(judged.endpoint)
      if (present !== undefined) present.count -= judged.count
    },
    lost: () =>
      [...endpoints].flatMap(([endpoint, one]) =>
        one.count > 0
          ? [{ capability: one.capability, endpoint, reason: 'thread-lost' as const, count: one.count }]
          : [],
      ),
  }
}
