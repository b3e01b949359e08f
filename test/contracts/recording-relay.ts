import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { CallToCheck } from '../../strangler/contract/expectations.ts'

type Json = Record<string, unknown>

/** Stands between two services, keeps what the provider has answered, and may change it before the consumer gets it. */
export interface RecordingRelay {
  readonly url: string
  target: string
  readonly calls: CallToCheck[]
  change: (answer: CallToCheck & { readonly body: Json }) => Json
  stop(): void
}

const KEPT_HEADERS = ['authorization', 'content-type', 'idempotency-key', 'x-request-id']

export async function startRecordingRelay(): Promise<RecordingRelay> {
  const server = createServer(async (req, res) => {
    const { method = '', url: path = '' } = req
    const sent = await buffer(req)
    const headers = KEPT_HEADERS.flatMap((name) =>
      req.headers[name] === undefined ? [] : [[name, String(req.headers[name])]],
    )
    const answer = await fetch(relay.target + path, {
      ...{ method, headers: Object.fromEntries(headers) as Record<string, string> },
      ...(sent.length > 0 && { body: sent }),
    })
    const body = (await answer.json()) as Json
    const call = { method, path, status: answer.status, body }
    relay.calls.push(call)
    res
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(relay.change(call)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const relay: RecordingRelay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    calls: [],
    change: ({ body }) => body,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
  return relay
}
