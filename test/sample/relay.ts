import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/**
 * `lose answer`: the target does the work, the caller never hears of it. `lose request`: the target never hears of it.
 * `hang`: nobody hears anything until the relay stops.
 */
export type Fate = 'pass' | 'lose request' | 'lose answer' | 'answer 503' | 'hang'

export interface RelayedCall {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

/** Stands where the proxy will: passes calls on to `target`, and can lose them. */
export interface Relay {
  readonly url: string
  target: string
  decide: (call: RelayedCall) => Fate
  readonly calls: RelayedCall[]
  stop(): Promise<void>
}

const CONNECTION_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
])

export async function startRelay(): Promise<Relay> {
  const server = createServer((request, response) => {
    relay(request, response).catch(() => response.destroy())
  })
  const state: Relay = {
    url: '',
    target: '',
    decide: () => 'pass',
    calls: [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  async function relay(request: IncomingMessage, response: ServerResponse) {
    const call = { method: String(request.method), path: String(request.url), headers: request.headers }
    state.calls.push(call)
    const fate = state.decide(call)
    const body = await buffer(request)
    if (fate === 'hang') return
    if (fate === 'lose request') return response.destroy()
    if (fate === 'answer 503') return response.writeHead(503).end()
    const headers = Object.entries(request.headers).filter(([name]) => !CONNECTION_HEADERS.has(name))
    const answer = await fetch(state.target + call.path, {
      method: call.method,
      headers: Object.fromEntries(headers) as Record<string, string>,
      ...(body.length > 0 && { body }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (fate === 'lose answer') return response.destroy()
    response
      .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
      .end(bytes)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
