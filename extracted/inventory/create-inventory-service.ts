import express, { type Express, json } from 'express'
import { pino } from 'pino'
import { createDryRun, type DryRunMiddleware, guardEffect } from 'strangler-kit/service'
import type { DataSource, EntitySchema } from 'typeorm'
import type { z } from 'zod'
import { openEventLink, type Tell, whileOwned } from '../platform/background-work.ts'
import { copySnapshot } from '../platform/copy-snapshot.ts'
import { openDatabase } from '../platform/open-database.ts'
import { handleErrors, handleUnknownPath } from '../platform/problem.ts'
import { createRepeatingJob, type RepeatingJob } from '../platform/repeating-job.ts'
import { requestContext } from '../platform/request-context.ts'
import { assembleService, type Service } from '../platform/run-service.ts'
import { jwksUrlOf, resolveOptions } from '../platform/service-options.ts'
import { systemRouter } from '../platform/system-router.ts'
import { createTokenVerifier } from '../platform/token-verifier.ts'
import { inventoryEntities } from './inventory-entities.ts'
import { type InventoryOptions, inventoryOptions } from './inventory-options.ts'
import { inventoryReport } from './inventory-report.ts'
import { countDemand, createDemandTable } from './order-demand.ts'
import { plantBugs } from './planted-bugs.ts'
import { reservationsRouter } from './reservations-router.ts'
import { expireReservations } from './settle-reservation.ts'
import { snapshotTables } from './snapshot-tables.ts'
import { stockChangesRouter } from './stock-changes-router.ts'
import { createStockFeed, type StockFeed } from './stock-feed.ts'
import { stockRouter } from './stock-router.ts'
import { attachStockSocket, type StockSocket } from './stock-socket.ts'
import { stockStream } from './stock-stream.ts'

type Options = z.output<typeof inventoryOptions>

/** Opens the database, copies the shop's rows into it when asked to and it has none, and wires the service. */
export async function createInventoryService(given: InventoryOptions): Promise<Service> {
  const options = resolveOptions('inventory', inventoryOptions, given)
  const dataSource = await openDatabase({
    databaseUrl: options.databaseUrl,
    entities: inventoryEntities as unknown as EntitySchema<never>[],
    applicationName: 'inventory',
    markerTable: 'stock',
  })
  try {
    if (options.seedFrom !== undefined) await copySnapshot(dataSource, options.seedFrom, snapshotTables)
    return wire(options, dataSource, await prepareKit(options, dataSource))
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
}

/** What the kit has a hand in. */
interface KitParts {
  readonly dryRun: readonly DryRunMiddleware[]
  readonly tell: Tell
  readonly events: RepeatingJob | undefined
}

async function prepareKit(options: Options, dataSource: DataSource): Promise<KitParts> {
  const token = options.stranglerWorkerToken
  // Without the token nothing in a request is believed to be the kit's mark.
  const dryRun = token === undefined ? [] : [await createDryRun({ dataSource, token })]
  await createDemandTable(dataSource)
  const { tell, job } = await openEventLink({
    options,
    dataSource,
    name: 'inventory',
    subscribers: { 'stock.reserved': ['orders'] },
    handlers: { 'order.placed': (tx, { payload }) => countDemand(tx, payload) },
  })
  return { dryRun, tell, events: job }
}

function wire(options: Options, dataSource: DataSource, { dryRun, tell, events }: KitParts): Service {
  const logger = pino({ level: options.logLevel, base: { app: 'inventory', build: options.build } })
  const liveFeed = createStockFeed()
  // Whoever listens to the stock must not hear of a write that will be rolled back.
  const feed = { ...liveFeed, publish: guardEffect(liveFeed.publish) }
  const stopping = new AbortController()
  let socket: StockSocket | undefined

  const app = express().disable('x-powered-by').disable('etag').set('trust proxy', 'loopback')
  app.use(requestContext(options.build, logger))
  app.use(systemRouter(dataSource, { name: 'inventory', build: options.build }))
  app.use(json({ limit: '100kb' }), ...dryRun)
  if (options.plantedBugs) app.use(plantBugs())
  mountInventory(app, { options, dataSource, feed, tell, stopping: stopping.signal })
  app.use(handleUnknownPath)
  app.use(handleErrors(logger))

  const sweep = async () => feed.publish(await expireReservations(dataSource))
  const job = { name: 'sweep reservations', intervalMs: options.sweepIntervalMs, work: sweep }
  return assembleService({
    app,
    dataSource,
    options,
    jobs: [whileOwned(options, 'inventory', createRepeatingJob(job, logger)), ...(events ? [events] : [])],
    onListening: ({ server }) => {
      socket = attachStockSocket(server, feed, options.build)
    },
    onStop: () => {
      stopping.abort()
      socket?.close()
    },
  })
}

interface Parts {
  readonly options: Options
  readonly dataSource: DataSource
  readonly feed: StockFeed
  readonly tell: Tell
  readonly stopping: AbortSignal
}

/** Fixed segments first: `/api/inventory/:sku` would take `report` for a sku. */
function mountInventory(app: Express, { options, dataSource, feed, tell, stopping }: Parts) {
  const tokens = createTokenVerifier(jwksUrlOf(options))
  const reservations = { dataSource, tokens, feed, tell, ttlSeconds: options.reservationTtlSeconds }
  app.get('/api/inventory/report', inventoryReport(dataSource))
  app.get('/api/inventory/stream', stockStream(feed, stopping))
  app.use('/api/inventory/reservations', reservationsRouter(reservations))
  app.use('/api/inventory', stockChangesRouter({ dataSource, tokens, feed }))
  app.use('/api/inventory', stockRouter(dataSource))
}
