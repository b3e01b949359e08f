import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Served {
  readonly url: string
  /** What arrived, in order. */
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[]
  readonly connections: () => Promise<number>
  stop(): void
}

/** A side that answers by a function; it ends with the test. */
export async function serve(
  answer: (req: IncomingMessage, res: ServerResponse, body: string) => void,
): Promise<Served> {
  const requests: Served['requests'] = []
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    const { method = '', url = '', headers } = req
    requests.push({ method, url, headers, body })
    answer(req, res, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(stop)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop,
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
  }
}

export const json =
  (value: unknown, status = 200) =>
  (_req: IncomingMessage, res: ServerResponse): void => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
