import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'

const DRAIN_MS = 5_000

export interface Listening {
  readonly server: Server
  readonly port: number
  readonly url: string
}

/** Listens on `host:port` (0 = any free port); rejects when the port is taken. */
export function listen(app: Express, host: string, port: number): Promise<Listening> {
  const server = createServer(app)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const bound = (server.address() as AddressInfo).port
      resolve({ server, port: bound, url: `http://${host}:${bound}` })
    })
  })
}

/** Refuses new connections, lets requests in flight finish for 5 s, then cuts what is left. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
