import express, { json } from 'express'
import { pino } from 'pino'
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
import { createCatalogueClient } from './catalogue-client.ts'
import { createInventoryClient } from './inventory-client.ts'
import { createInventoryHttp } from './inventory-http.ts'
import { orderEntities } from './order-entities.ts'
import { createOrderPlacing } from './order-placing.ts'
import { type OrdersOptions, ordersOptions } from './orders-options.ts'
import { ordersRouter } from './orders-router.ts'
import { recoverOrders } from './recover-orders.ts'
import { createServiceAccount } from './service-account.ts'
import { snapshotTables } from './snapshot-tables.ts'
import { createConfirmationsTable, recordConfirmation } from './stock-confirmations.ts'
import { createOrderUndo } from './undo-order.ts'

/** Opens the database, copies the shop's rows into it when asked to and it has none, and wires the service. */
export async function createOrdersService(given: OrdersOptions): Promise<Service> {
  const options = resolveOptions('orders', ordersOptions, given)
  const dataSource = await openDatabase({
    databaseUrl: options.databaseUrl,
    entities: orderEntities as unknown as EntitySchema<never>[],
    applicationName: 'orders',
    markerTable: 'orders',
  })
  try {
    if (options.seedFrom !== undefined) await copySnapshot(dataSource, options.seedFrom, snapshotTables)
    await createConfirmationsTable(dataSource)
    const link = await openEventLink({
      options,
      dataSource,
      name: 'orders',
      subscribers: { 'order.placed': ['inventory'] },
      handlers: { 'stock.reserved': (tx, { payload }) => recordConfirmation(tx, payload) },
    })
    return wire(options, dataSource, link)
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
}

function wire(
  options: z.output<typeof ordersOptions>,
  dataSource: DataSource,
  { tell, job: events }: { tell: Tell; job: RepeatingJob | undefined },
): Service {
  const logger = pino({ level: options.logLevel, base: { app: 'orders', build: options.build } })
  const inventory = { baseUrl: options.inventoryBaseUrl, timeoutMs: options.inventoryTimeoutMs }
  const catalogue = { baseUrl: options.monolithUrl, timeoutMs: options.catalogueTimeoutMs }
  const client = createInventoryClient(createInventoryHttp(inventory))
  const undo = createOrderUndo(dataSource, client)
  const getToken = createServiceAccount(options)
  const orders = {
    dataSource,
    tokens: createTokenVerifier(jwksUrlOf(options)),
    catalogue: createCatalogueClient(catalogue),
    placing: createOrderPlacing({ dataSource, inventory: client, undo, tell }),
  }

  const app = express().disable('x-powered-by').disable('etag').set('trust proxy', 'loopback')
  app.use(requestContext(options.build, logger))
  app.use(systemRouter(dataSource, { name: 'orders', build: options.build }))
  app.use(json({ limit: '100kb' }))
  app.use('/api/orders', ordersRouter(orders))
  app.use(handleUnknownPath)
  app.use(handleErrors(logger))

  const authorize = async () => ({ headers: { authorization: `Bearer ${await getToken()}` } })
  const recover = () => recoverOrders(dataSource, undo, authorize)
  const job = { name: 'recover orders', intervalMs: options.recoverIntervalMs, work: recover }
  return assembleService({
    app,
    dataSource,
    options,
    jobs: [whileOwned(options, 'orders', createRepeatingJob(job, logger)), ...(events ? [events] : [])],
  })
}
