import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import type { BeginTrace } from '../../strangler/core/trace-context.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'

/** A proxy in front of a server that keeps the headers that it gets. */
export async function openProxyStand(beginTrace: BeginTrace, { dead = false } = {}) {
  let seen: IncomingHttpHeaders = {}
  const side = createServer((request, response) => {
    seen = request.headers
    response.end('ok')
  })
  await once(side.listen(0, '127.0.0.1'), 'listening')
  const { port } = side.address() as AddressInfo
  if (dead) side.close()
  const config = checkConfig({
    sides: { monolith: `http://127.0.0.1:${port}`, stock: `http://127.0.0.1:${port}` },
    capabilities: { stock: { endpoints: ['GET /api/stock/:id'] } },
  })
  const records: ExchangeRecord[] = []
  const proxy = createProxyServer({
    ...{ config, table: compileTable(config, EMPTY_STATE), secret: Buffer.alloc(32), beginTrace },
    onExchange: (record) => void records.push(record),
  })
  const listening = await proxy.listen(0, '127.0.0.1')
  return {
    records,
    async ask(path: string, headers: Record<string, string>): Promise<IncomingHttpHeaders> {
      const answer = await fetch(`http://127.0.0.1:${listening.port}${path}`, { headers })
      await answer.text()
      return seen
    },
    async stop() {
      await proxy.stop()
      side.close()
    },
  }
}
