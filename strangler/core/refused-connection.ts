import type { Socket } from 'node:net'

/** A connection that was closed because what came over it could not be a request: nothing of what it sent is kept. */
export interface RefusedConnection {
  readonly port: 'proxy' | 'admin'
  /** Of the peer; a load balancer's, where one is in front. */
  readonly address: string
  /** 408 too slow, 431 too large a head, 400 anything else. */
  readonly status: 400 | 408 | 431
  /** The parser's code for what was wrong. */
  readonly error: string
}

export type OnRefused = (refused: RefusedConnection) => void

/** How long a client has for its headers (slowloris), and how often that is looked at: it may take both together. */
export interface HeaderDeadline {
  readonly headersTimeout: number
  readonly connectionsCheckingInterval: number
}

const LONGEST_CHECK_MS = 5_000

export function headerDeadline(headersMs: number): HeaderDeadline {
  return {
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(headersMs, LONGEST_CHECK_MS),
  }
}

/** The status for what node's parser could not read; undefined when the connection only broke. */
export function statusOfRefusal({ code }: NodeJS.ErrnoException): RefusedConnection['status'] | undefined {
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}

/** Tells of every refused connection once, whatever else comes over it before it is closed. */
export function createRefusals(
  port: RefusedConnection['port'],
  onRefused: OnRefused = () => undefined,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  const told = new WeakSet<Socket>()
  return (error, socket) => {
    const status = statusOfRefusal(error)
    if (status === undefined || told.has(socket)) return
    told.add(socket)
    onRefused({ port, address: socket.remoteAddress ?? '-', status, error: error.code ?? 'unknown' })
  }
}
