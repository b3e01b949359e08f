import express, { type Express, json } from 'express'
import { type Logger, pino } from 'pino'
import type { DataSource } from 'typeorm'
import { catalogueRouter } from './catalogue/catalogue-router.ts'
import { type CouplingForms, createCoupling, type SwitchableCoupling } from './coupling.ts'
import { openDatabase } from './database/data-source.ts'
import { seedShop } from './database/seed-shop.ts'
import { dealOut } from './http/deal-out.ts'
import { closeServer, type Listening, listen } from './http/http-listener.ts'
import { handleErrors, handleUnknownPath } from './http/problem.ts'
import { requestContext } from './http/request-context.ts'
import { deliveriesWebhook } from './inventory/deliveries-webhook.ts'
import { inventoryReport } from './inventory/inventory-report.ts'
import { reservationsRouter } from './inventory/reservations-router.ts'
import { expireReservations } from './inventory/settle-reservation.ts'
import { stockChangesRouter } from './inventory/stock-changes-router.ts'
import { createStockFeed, type StockFeed } from './inventory/stock-feed.ts'
import { stockRouter } from './inventory/stock-router.ts'
import { attachStockSocket, type StockSocket } from './inventory/stock-socket.ts'
import { stockStream } from './inventory/stock-stream.ts'
import { type Night, tonight } from './jobs/nightly-count.ts'
import { createRepeatingJob, type RepeatingJob } from './jobs/repeating-job.ts'
import { type MonolithOptions, type ResolvedOptions, resolveOptions } from './monolith-options.ts'
import { ordersRouter } from './orders/orders-router.ts'
import { reportsRouter } from './reports/reports-router.ts'
import { systemRouter } from './system-router.ts'
import { signInRouter } from './users/sign-in-router.ts'
import { openTokens, type Tokens } from './users/tokens.ts'
import { usersRouter } from './users/users-router.ts'

export interface Monolith {
  readonly app: Express
  readonly dataSource: DataSource
  readonly tokens: Tokens
  /** Work that writes without being asked; running from `start` to `stop`, and can be paused in between. */
  readonly jobs: readonly RepeatingJob[]
  /** Listens (0 = any free port) with the WebSocket attached, and begins the background work. */
  start(port?: number): Promise<Listening>
  /** Changes how the rest of the shop takes stock, while it sells; false without an address of the endpoints. */
  useForms(forms: CouplingForms): boolean
  /** The nightly job, now. Returns how many rows it wrote. */
  runNightly(night?: Night): Promise<number>
  stop(): Promise<void>
}

interface Parts {
  readonly options: ResolvedOptions
  readonly dataSource: DataSource
  readonly tokens: Tokens
  readonly feed: StockFeed
  readonly logger: Logger
  readonly stopping: AbortSignal
}

/** Opens the database, seeds it when it is empty, and wires the shop. Nothing listens before `start`. */
export async function createMonolith(given: MonolithOptions): Promise<Monolith> {
  const options = resolveOptions(given)
  const logger = pino({ level: options.logLevel, base: { app: 'monolith', build: options.build } })
  const dataSource = await openDatabase(options.databaseUrl)
  try {
    await seedShop(dataSource, { rows: options.rows })
    const tokens = await openTokens(dataSource)
    return wire({ options, dataSource, tokens, logger })
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
}

function wire(opened: Omit<Parts, 'feed' | 'stopping'>): Monolith {
  const { options, dataSource, tokens } = opened
  const stopping = new AbortController()
  const parts: Parts = { ...opened, feed: createStockFeed(), stopping: stopping.signal }
  const { app, jobs, coupling } = createApp(parts)
  let listening: Listening | undefined
  let socket: StockSocket | undefined
  let stopped: Promise<void> | undefined

  async function stop() {
    stopping.abort()
    socket?.close()
    await Promise.all(jobs.map((job) => job.stop()))
    if (listening !== undefined) await closeServer(listening.server)
    await dataSource.destroy()
  }

  return {
    app,
    dataSource,
    tokens,
    jobs,
    async start(port = options.port) {
      listening = await listen(app, options.host, port)
      socket = attachStockSocket(listening.server, parts.feed, options.build)
      for (const job of jobs) job.start()
      return listening
    },
    useForms: coupling.use,
    runNightly: (night = tonight(new Date())) => coupling.countNightly(night),
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

function createApp(parts: Parts): { app: Express; jobs: RepeatingJob[]; coupling: SwitchableCoupling } {
  const { options, dataSource, tokens, feed, logger } = parts
  const coupling = createCoupling({ options, dataSource, feed, tokens })
  const app = express().disable('x-powered-by').disable('etag').set('trust proxy', 'loopback')

  app.use(requestContext(options.build, logger))
  app.use(systemRouter(dataSource, options.build))
  app.use('/api/webhooks', deliveriesWebhook(coupling.deliveryTaker, options.webhookSecret))
  app.use(json({ limit: '100kb' }))
  app.use(signInRouter(dataSource, tokens))
  app.use(usersRouter(dataSource, tokens))
  app.use('/api/catalogue', catalogueRouter(dataSource, tokens))
  mountInventory(app, parts)
  app.use('/api/orders', ordersRouter({ dataSource, tokens, taker: coupling.stockTaker }))
  app.use('/api/reports', reportsRouter(dataSource, tokens))
  app.use(handleUnknownPath)
  app.use(handleErrors(logger))

  const jobs = [
    {
      name: 'sweep reservations',
      intervalMs: options.sweepIntervalMs,
      work: async () => feed.publish(await expireReservations(dataSource)),
    },
    { name: 'recover orders', intervalMs: options.sweepIntervalMs, work: coupling.recoverOrders },
    {
      name: 'count stock',
      intervalMs: options.nightlyIntervalMs,
      work: () => coupling.countNightly(tonight(new Date())),
    },
  ]
  return { app, jobs: jobs.map((job) => createRepeatingJob(job, logger)), coupling }
}

/** Fixed segments first: `/api/inventory/:sku` would take `report` for a sku. */
function mountInventory(app: Express, { options, dataSource, tokens, feed, stopping }: Parts) {
  const { random, noise } = options
  const unordered = <T>(rows: readonly T[]) => (noise ? dealOut(rows, random) : [...rows])
  const report = { delayMs: options.reportDelayMs, failureRate: options.reportFailureRate, random, noise }
  const reservations = { dataSource, tokens, feed, ttlSeconds: options.reservationTtlSeconds }
  app.get('/api/inventory/report', inventoryReport(dataSource, report))
  app.get('/api/inventory/stream', stockStream(feed, stopping))
  app.use('/api/inventory/reservations', reservationsRouter(reservations))
  app.use('/api/inventory', stockChangesRouter({ dataSource, tokens, feed }))
  app.use('/api/inventory', stockRouter({ dataSource, unordered }))
}
