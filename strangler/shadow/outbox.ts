import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { Skipped } from './create-shadow.ts'

/** What waits to be handed to the thread that compares. */
export interface Outbox {
  add(exchange: CapturedExchange): void
  /** Added to what was skipped at the same endpoint for the same reason: a full queue skips nearly every request. */
  skip(skipped: Skipped): void
  /** Delivers at once what there is. */
  flush(): void
  /** Forgets the exchanges: whoever was to get them is gone. What was skipped is still told. */
  dropExchanges(): void
  readonly exchanges: number
}

export interface Delivery {
  readonly exchanges: readonly CapturedExchange[]
  readonly skipped: readonly Skipped[]
  /** Memory that is handed over instead of being copied. */
  readonly transfer: ArrayBuffer[]
}

/** A message costs the serving thread more than what is in it, and what is compared may be this old. */
const DELIVER_AFTER_MS = 5
/** Handing a buffer over costs more than copying one that is this short. */
const LONGEST_COPIED = 16_384

/**
 * Collects for a moment, then delivers all of it together.
 * @param deliver false when nobody is there to take it: what was skipped is then told with what comes next
 */
export function createOutbox(deliver: (delivery: Delivery) => boolean): Outbox {
  let exchanges: CapturedExchange[] = []
  let skipped = new Map<string, Skipped>()
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (exchanges.length === 0 && skipped.size === 0) return
    const delivery = { exchanges, skipped: [...skipped.values()], transfer: exchanges.flatMap(longBodiesOf) }
    exchanges = []
    if (deliver(delivery)) skipped = new Map()
  }
  function begin(): void {
    timer ??= setTimeout(flush, DELIVER_AFTER_MS).unref()
  }

  return {
    add(exchange) {
      exchanges.push(exchange)
      begin()
    },
    skip(one) {
      const key = `${one.reason} ${one.endpoint}`
      skipped.set(key, { ...one, count: one.count + (skipped.get(key)?.count ?? 0) })
      begin()
    },
    flush,
    dropExchanges() {
      exchanges = []
    },
    get exchanges() {
      return exchanges.length
    },
  }
}

/** Each once: the request's body is the same for both sides. */
function longBodiesOf({ answer, requests }: CapturedExchange): ArrayBuffer[] {
  const bodies = [answer.body, requests.monolith.body, requests.service.body]
  const buffers = bodies.flatMap((body) =>
    body === undefined || body.byteLength <= LONGEST_COPIED ? [] : [body.buffer as ArrayBuffer],
  )
  return [...new Set(buffers)]
}
