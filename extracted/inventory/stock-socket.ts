import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import type { StockFeed } from './stock-feed.ts'

export const STOCK_SOCKET_PATH = '/ws/stock'
const MAX_MESSAGE_BYTES = 16 * 1024
const HEARTBEAT_MS = 30_000

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('subscribe'), skus: z.array(z.string().max(40)).max(100) }),
])

export interface StockSocket {
  /** Says goodbye (1001) to every client and stops answering upgrades. */
  close(): void
}

/** `/ws/stock`: every change, or after `{"type":"subscribe","skus":[…]}` those of some skus; `ping` gets `pong`. */
export function attachStockSocket(server: Server, feed: StockFeed, build: string): StockSocket {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname !== STOCK_SOCKET_PATH)
      return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (client) => serve(client, feed, build))
  })
  return {
    close() {
      for (const client of sockets.clients) client.close(1001, 'the shop is stopping')
      sockets.close()
    },
  }
}

function serve(client: WebSocket, feed: StockFeed, build: string) {
  let skus: ReadonlySet<string> | null = null
  const send = (value: unknown) => client.send(JSON.stringify(value))
  const unsubscribe = feed.subscribe(({ id, change }) => {
    if (skus === null || skus.has(change.sku)) send({ type: 'stock', id, ...change })
  })
  const heartbeat = setInterval(() => client.ping(), HEARTBEAT_MS)

  client.on('message', (data) => {
    const received = parseMessage(data.toString())
    if (received === null)
      return send({ type: 'error', detail: 'Send {"type":"ping"} or {"type":"subscribe","skus":[…]}.' })
    if (received.type === 'ping') return send({ type: 'pong' })
    skus = new Set(received.skus)
    send({ type: 'subscribed', skus: received.skus })
  })
  client.on('close', () => {
    unsubscribe()
    clearInterval(heartbeat)
  })
  // A broken client ends in 'close', which tidies up; without a listener the error would end the process.
  client.on('error', () => client.terminate())
  send({ type: 'hello', build })
}

function parseMessage(text: string) {
  try {
    return message.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null // not JSON: answered like any other message we do not know
  }
}
