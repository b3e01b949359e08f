import type { ServerResponse } from 'node:http'
import { SHADOW_HEADER } from '../core/shadow-mark.ts'
import { effectOf } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'
import { shadowMarkOf } from './capture.ts'
import type { Exchange } from './exchange.ts'
import { debugHeaders } from './forward-to.ts'
import { withoutMarks } from './mark-cookie.ts'
import { PARENT_WRITE_HEADER } from './parent-write.ts'
import type { ProxyContext } from './proxy-context.ts'
import type { OpenMark } from './write-marks.ts'

/**
 * Makes the request, in place, what the monolith would get from a proxy in front of it, and gives its answer what the proxy adds: the
 * kit's cookie above all, without which a browser would be another user with every request.
 */
export function prepareForApp(context: ProxyContext, exchange: Exchange, decision: Decision): void {
  const { req, res, trace, identity } = exchange
  const { route } = decision
  const { headers } = req
  // An operator's token is none of the app's business, and a mark that the client brought is none of ours.
  for (const name of ['x-strangler-target', 'x-strangler-token', PARENT_WRITE_HEADER]) delete headers[name]
  if (shadowMarkOf(context, req) === undefined) delete headers[SHADOW_HEADER]
  headers['traceparent'] = trace.traceparent
  headers['x-correlation-id'] = trace.correlationId
  if (route !== undefined && effectOf(route, exchange.req.method) === 'write')
    headers[PARENT_WRITE_HEADER] = context.parentWrites.sign(route.capability.name)

  if (headers.cookie !== undefined) {
    const cookies = withoutMarks(headers.cookie)
    if (cookies === undefined) delete headers.cookie
    else headers.cookie = cookies
  }
  if (exchange.mark !== undefined) markAnswer(res, exchange.mark)

  res.setHeader('x-correlation-id', trace.correlationId)
  if (identity.setCookie !== undefined) res.appendHeader('set-cookie', identity.setCookie)
  if (!context.config.proxy.debugHeaders) return
  const answeredBy = {
    decision,
    upstream: context.monolith,
    target: 'monolith',
    reason: decision.reason,
  } as const
  const added = debugHeaders(answeredBy)
  for (let i = 0; i + 1 < added.length; i += 2) res.setHeader(added[i] as string, added[i + 1] as string)
}

/** The mark's time is that at which the app's headers leave, whether it says so or just writes. */
function markAnswer(res: ServerResponse, mark: OpenMark): void {
  const writeHead = res.writeHead
  res.writeHead = ((...args: Parameters<typeof writeHead>) => {
    res.writeHead = writeHead
    const cookie = mark.answer()
    if (cookie !== undefined) res.appendHeader('set-cookie', cookie)
    return writeHead.apply(res, args)
  }) as typeof writeHead
}
