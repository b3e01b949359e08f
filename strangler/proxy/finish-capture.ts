import { performance } from 'node:perf_hooks'
import type { Side } from '../core/words.ts'
import type { Exchange } from './exchange.ts'
import { buildReplay } from './forward-to.ts'
import type { ProxyContext } from './proxy-context.ts'
import { beginFromResponse } from './tap-response.ts'

/** How an exchange ended that was copied. */
interface ExchangeOutcome {
  /** The side whose answer the client got. */
  readonly target: Side
  readonly sentAt: number
  /** Whether the client has the whole answer of a side. */
  readonly answered: boolean
  /** The answer was written by the app or by http-proxy-middleware: its headers stand in the response. */
  readonly fromResponse: boolean
}

/** After the answer: the copy is handed over, or let go. Nothing that happens here can reach the client. */
export function finishCapture(
  context: ProxyContext,
  exchange: Exchange,
  { target, sentAt, answered, fromResponse }: ExchangeOutcome,
): void {
  const { capture, res } = exchange
  if (capture === undefined) return
  try {
    // Another side than the one decided on has answered, because that one failed: it has had its chance.
    if (!answered || target !== capture.decision.target) return capture.skip('primary-failed')
    if (fromResponse) beginFromResponse(res, capture)
    capture.finish(
      { target, tookMs: performance.now() - sentAt },
      {
        exchange,
        answeredAt: Date.now(),
        requestFor: (side, body) => buildReplay(context, exchange, { side, body }),
      },
    )
  } catch (error) {
    context.report('finish the copy of an exchange', error)
    capture.drop()
  }
}
