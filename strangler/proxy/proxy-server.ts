import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { StranglerError } from '../core/errors.ts'
import { createRefusals, headerDeadline, statusOfRefusal } from '../core/refused-connection.ts'
import { createProxy, type ProxyOptions, type StranglerProxy } from './create-proxy.ts'
import { sendRawProblem } from './problem.ts'
import { createRequestLanes } from './request-lanes.ts'
import { isWebSocketUpgrade } from './upgrade.ts'

/** Longer than the idle timeout of any load balancer in front: the one that reuses a connection must be the one that closes it. */
const KEEP_ALIVE_MS = 75_000
/** Bodies have their own deadlines. */
const HEADERS_MS = 30_000
const MAX_HEADER_BYTES = 32_768
const MAX_CONNECTIONS = 50_000
/** While draining, connections that are idle may still bring a request that was already on its way. */
const IDLE_GRACE_MS = 500

/** The standalone proxy. */
export interface ProxyServer extends StranglerProxy {
  readonly server: http.Server
  /** @throws StranglerError STRANGLER_PORT_IN_USE */
  listen(port: number, host: string): Promise<{ port: number }>
  /** No new connections; requests in flight finish, or are broken off after `drainMs`. Twice, or before listening, is fine. */
  stop(options?: { drainMs?: number }): Promise<void>
}

/** Builds a proxy with its own HTTP server. */
export function createProxyServer(options: ProxyOptions): ProxyServer {
  const proxy = createProxy(options)
  const silent = new Set<Socket>()
  const lanes = createRequestLanes(proxy.handle)
  const tellRefused = createRefusals('proxy', options.onRefused)
  const server = http.createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      ...headerDeadline(options.headersMs ?? HEADERS_MS),
      requestTimeout: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
      shouldUpgradeCallback: isWebSocketUpgrade,
    },
    (req, res) => {
      if (silent.size > 0) silent.delete(req.socket)
      lanes.enter(req, res)
    },
  )
  // Node counts a connection that has not asked anything yet as busy; at the end nothing else would close it.
  server.on('connection', (socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('upgrade', (req, socket, head) => {
    silent.delete(req.socket)
    proxy.upgrades.handle(req, socket, head)
  })
  server.maxConnections = MAX_CONNECTIONS
  server.maxRequestsPerSocket = 0
  server.on('checkContinue', (req, res) => {
    // Answered here; `expect` is not forwarded, so that no header can get lost behind it.
    res.writeContinue()
    server.emit('request', req, res)
  })
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    tellRefused(error, socket)
    // The 400 would be taken for the answer to the request before it, which may have been carried out.
    if (lanes.awaitsAnswer(socket)) socket.destroy()
    else answerBadRequest(error, socket)
  })
  let stopping: Promise<void> | undefined
  return {
    ...proxy,
    server,
    listen: (port, host) => listen(server, port, host),
    stop({ drainMs = options.config.proxy.drainMs } = {}) {
      proxy.drain()
      stopping ??= drainAll(server, proxy, { silent, drainMs })
      return stopping
    },
  }
}

function listen(server: http.Server, port: number, host: string): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error)
      const found =
        error.code === 'EADDRINUSE' ? 'another process listens there' : 'this user may not listen there'
      reject(
        new StranglerError('STRANGLER_PORT_IN_USE', `The proxy cannot listen on ${host}:${port}: ${found}.`, {
          fix: 'Set another `proxy.port` in the configuration, or start with `--port 0` for any free one.',
          cause: error,
        }),
      )
    }
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      resolve({ port: (server.address() as AddressInfo).port })
    })
  })
}

/** What is not HTTP gets a 400 and the connection is closed: nothing after it can be trusted. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // Where an answer has begun, a second one would be taken for the answer to the next request (node's own handler asks the same).
  const answered =
    (socket as Socket & { _httpMessage?: http.ServerResponse })._httpMessage?.headersSent === true
  const status = statusOfRefusal(error)
  if (status === undefined || answered || !socket.writable) {
    socket.destroySoon()
    return
  }
  sendRawProblem(socket, 'STRANGLER_REQUEST_INVALID', { status })
}

interface Draining {
  readonly silent: ReadonlySet<Socket>
  readonly drainMs: number
}

async function drainAll(server: http.Server, proxy: StranglerProxy, draining: Draining): Promise<void> {
  await Promise.all([drain(server, draining), proxy.upgrades.stop(draining.drainMs)])
  await proxy.stop()
}

async function drain(server: http.Server, { silent, drainMs }: Draining): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => {
    // http's own close() cuts idle connections at once, and with them a request that is already on its way.
    net.Server.prototype.close.call(server, () => resolve())
  })
  // Every answer from now on closes its connection; this catches the ones whose client does not ask again.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    for (const socket of silent) socket.destroy()
  }, IDLE_GRACE_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}
