import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** What would make it an upgrade again. */
const UPGRADE_HEADERS = new Set(['upgrade', 'http2-settings'])

/**
 * Gives a request whose upgrade is not wanted back to its server, which then serves it as any other. Node takes every upgrade out of
 * HTTP once somebody listens for upgrades, unless the server has a `shouldUpgradeCallback` (Node 24.9); an app's own server, or an
 * older Node, has none.
 * @returns false when the server is not known; nothing has happened then
 */
export function serveWithoutUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  const { server } = req.socket as { server?: Server }
  if (server === undefined) return false
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`, ...headerLines(req.rawHeaders)]
  if (head.length > 0) socket.unshift(head)
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
  return true
}

function headerLines(raw: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const lower = name.toLowerCase()
    if (UPGRADE_HEADERS.has(lower)) continue
    lines.push(`${name}: ${lower === 'connection' ? withoutUpgrade(value) : value}`)
  }
  return lines
}

function withoutUpgrade(connection: string): string {
  const kept = connection.split(',').filter((token) => !UPGRADE_HEADERS.has(token.trim().toLowerCase()))
  return kept.length === 0 ? 'keep-alive' : kept.join(',').trim()
}
