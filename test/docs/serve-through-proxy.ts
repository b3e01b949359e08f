import http, { type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'
import { logExchange } from '../../strangler/telemetry/access-log.ts'
import { createLog } from '../../strangler/telemetry/log.ts'

export interface Passage {
  readonly mode?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What the side adds to its answer. */
  readonly answerHeaders?: Readonly<Record<string, string>>
  /** The service's port is closed. */
  readonly dead?: boolean
}

export interface Passed {
  readonly line: Readonly<Record<string, unknown>>
  /** What the side saw. */
  readonly received: IncomingHttpHeaders
  /** What the client got. */
  readonly answered: IncomingHttpHeaders
}

/** One request through a real proxy to a real side; everything is stopped when it returns. */
export async function serveThroughProxy(passage: Passage): Promise<Passed> {
  let received: IncomingHttpHeaders = {}
  const side = http.createServer((req, res) => {
    received = req.headers
    req.resume()
    req.on('end', () => res.writeHead(200, passage.answerHeaders).end('{}'))
  })
  const sideUrl = await listen(side)
  const lines: string[] = []
  const log = createLog({ destination: { write: (line) => lines.push(line) }, level: 'info' })
  const logged = Promise.withResolvers<void>()
  const config = checkConfig({
    sides: { monolith: sideUrl, inventory: passage.dead === true ? await closedUrl() : sideUrl },
    capabilities: {
      inventory: {
        endpoints: [{ endpoint: `${passage.method ?? 'GET'} /stock`, mode: passage.mode ?? 'service' }],
      },
    },
    proxy: { debugHeaders: true },
  })
  const proxy = createProxyServer({
    config,
    table: compileTable(config, EMPTY_STATE),
    secret: Buffer.alloc(32),
    onExchange: (record) => {
      logExchange(log, record)
      logged.resolve()
    },
  })
  const { port } = await proxy.listen(0, '127.0.0.1')
  try {
    const answered = await ask(port, passage)
    await logged.promise
    return { line: JSON.parse(lines[0] ?? '{}'), received, answered }
  } finally {
    await proxy.stop({ drainMs: 0 })
    side.closeAllConnections()
    await new Promise((resolve) => side.close(resolve))
  }
}

function ask(port: number, { method = 'GET', headers = {} }: Passage): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const req = http.request({ port, host: '127.0.0.1', method, path: '/stock', headers, agent: false })
    req.once('error', reject)
    req.once('response', (res) => {
      res.resume()
      res.once('end', () => resolve(res.headers))
    })
    req.end()
  })
}

async function listen(server: http.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closedUrl(): Promise<string> {
  const server = http.createServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}
