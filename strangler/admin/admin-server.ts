import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import express, { type Express } from 'express'
import { docsPath } from '../core/docs-path.ts'
import { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import {
  createRefusals,
  headerDeadline,
  type OnRefused,
  statusOfRefusal,
} from '../core/refused-connection.ts'
import type { EndpointTraffic } from '../core/traffic-words.ts'
import { readManifest } from '../infra/read-manifest.ts'
import { createAdminApi } from './admin-api.ts'
import { answerProblems } from './answer-problem.ts'
import { createAuthentication, type RequireRole } from './authenticate.ts'
import { createTokenCheck } from './check-token.ts'
import { createDashboard } from './dashboard/create-dashboard.ts'
import { DASHBOARD_PATH } from './dashboard/dashboard-path.ts'
import { guardHost, isLoopbackHost, setSecurityHeaders } from './guard-request.ts'
import { createLive } from './live/create-live.ts'
import type { LiveHub } from './live/live-hub.ts'
import { writeAdminOpenApi } from './openapi.ts'
import { createOwnerRouter } from './owner-router.ts'
import { createOwnerWatch, type OwnerWatch } from './owner-watch.ts'
import type { AdminContext } from './present-state.ts'
import type { AdminTokens } from './tokens.ts'

/** Where the admin server writes; pino's own shape. */
export interface AdminLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface AdminServerOptions extends AdminContext {
  readonly tokens: AdminTokens
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>
  readonly readiness: () => { readonly ready: boolean; readonly reasons: readonly string[] }
  /** What the proxy of this process has counted; absent where it has none. */
  readonly traffic?: () => readonly EndpointTraffic[]
  readonly log: AdminLog
  /** Told of every connection that is closed because what came over it was no request. */
  readonly onRefused?: OnRefused
  /** How long a client has for its headers; default 10 s. */
  readonly headersMs?: number
}

export interface AdminServer extends Stoppable {
  /** The Express app, to be mounted elsewhere. */
  readonly app: Express
  /**
   * @param port 0 takes a free one
   * @returns the address it listens on
   * @throws StranglerError STRANGLER_PORT_IN_USE
   */
  start(host: string, port: number): Promise<{ readonly url: string; readonly port: number }>
}

const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_MS = 10_000
const MOST_CONNECTIONS = 512
const DRAIN_MS = 2_000

/** The admin API: health and metrics for machines, questions for viewers, commands for operators. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  let listenHost = options.config.admin.host
  const ownerWatch = createOwnerWatch(options)
  const report: ReportError = (operation, error) =>
    options.log.error({ operation, err: error }, 'admin: a request failed')
  const live = createLive({ context: options, traffic: options.traffic, report })
  const app = createApp(options, { listenHost: () => listenHost, ownerWatch, live, report })
  let server: Server | undefined

  return {
    app,
    async start(host, port) {
      listenHost = host
      const deadlines = headerDeadline(options.headersMs ?? HEADERS_MS)
      server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, ...deadlines }, app)
      const tellRefused = createRefusals('admin', options.onRefused)
      server.on('clientError', (error, socket) => {
        tellRefused(error, socket as Socket)
        refuse(error, socket as Socket)
      })
      server.maxConnections = MOST_CONNECTIONS
      await listen(server, host, port)
      const address = server.address() as AddressInfo
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
      return { url: `http://${shown}:${address.port}`, port: address.port }
    },
    async stop() {
      const stopping = server
      server = undefined
      await ownerWatch.stop()
      await live.stop()
      if (stopping !== undefined) await close(stopping)
    },
  }
}

interface AppParts {
  readonly listenHost: () => string
  readonly ownerWatch: OwnerWatch
  readonly live: LiveHub
  readonly report: ReportError
}

function createApp(options: AdminServerOptions, { listenHost, ownerWatch, live, report }: AppParts): Express {
  const { tokens, clock, log } = options
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.set('json escape', true)
  const checkToken = createTokenCheck({
    tokens,
    clock,
    onFailure: (address) => log.warn({ address }, 'admin: a sign-in failed'),
  })
  const requireRole = createAuthentication(checkToken)
  const onDecision: Parameters<typeof createAdminApi>[0]['onDecision'] = ({ entry }) => {
    log.info({ entry }, 'admin: a decision was journalled')
    live.lookSoon()
  }
  const api = { context: options, onDecision }

  app.use(setSecurityHeaders, guardHost(listenHost))
  addHealth(app, options)
  addMetrics(app, options, { requireRole, listenHost })
  app.use('/api', createAdminApi({ ...api, requireRole }))
  app.use(DASHBOARD_PATH, createDashboard({ tokens, clock, checkToken, live, api }))
  app.get('/openapi.json', requireRole('viewer'), (_req, res) => {
    res.json(writeAdminOpenApi(readManifest().version))
  })
  // What a person types who knows the port alone.
  app.get('/', (_req, res) => {
    res.redirect(`${DASHBOARD_PATH}/`)
  })
  app.use('/owner', createOwnerRouter({ context: options, requireRole, watch: ownerWatch }))
  app.use((req) => {
    throw new StranglerError('STRANGLER_NOT_FOUND', `There is no ${req.method} ${req.path.slice(0, 200)}.`, {
      fix: `${docsPath('reference/admin-api.md')} lists every address; ${DASHBOARD_PATH}/ is for people.`,
    })
  })
  app.use(answerProblems(report))
  return app
}

// Open to all: a load balancer has no token, and the answers say nothing that would need one.
function addHealth(app: Express, { readiness, currentTable }: AdminServerOptions): void {
  app.get('/livez', (_req, res) => {
    res.json({ alive: true })
  })
  app.get('/readyz', (_req, res) => {
    const { ready, reasons } = readiness()
    res.status(ready ? 200 : 503).json({ ready, reasons, tableVersion: currentTable().version })
  })
}

function addMetrics(
  app: Express,
  { metrics }: AdminServerOptions,
  { requireRole, listenHost }: { requireRole: RequireRole; listenHost: () => string },
): void {
  const requireViewer = requireRole('viewer')
  app.get(
    '/metrics',
    (req, res, next) => (isLoopbackHost(listenHost()) ? next() : requireViewer(req, res, next)),
    async (_req, res) => {
      const { contentType, body } = await metrics()
      res.setHeader('content-type', contentType)
      res.end(body)
    },
  )
}

/** What is no request gets a status and the connection is closed, as node does by itself where nobody listens. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  const status = statusOfRefusal(error)
  const { _httpMessage: begun } = socket as Socket & { _httpMessage?: { readonly headersSent: boolean } }
  if (status !== undefined && socket.writable && begun?.headersSent !== true) {
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Length: 0']
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
  }
  socket.destroySoon()
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(asListenError(error, host, port)))
    server.listen(port, host, resolve)
  })
}

function asListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error
  return new StranglerError(
    'STRANGLER_PORT_IN_USE',
    `The admin API cannot listen on ${host}:${port}: another program does.`,
    {
      fix: 'Stop that program, or give another port: `strangler start --admin-port N` or `admin.port` in the config.',
      cause: error,
    },
  )
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(timer)
}
