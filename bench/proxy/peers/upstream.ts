import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveInChild } from '../../processes/serve-in-child.ts'

// What every proxy stands in front of: 1 KiB of JSON, at once.
const BYTES = 1_024
const frame = JSON.stringify({ sku: 'SKU-0042', name: 'bench', text: '' })
const body = Buffer.from(
  JSON.stringify({ sku: 'SKU-0042', name: 'bench', text: 'x'.repeat(BYTES - frame.length) }),
)

serveInChild(async () => {
  const server = createServer({ keepAliveTimeout: 75_000 }, (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    res.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
})
