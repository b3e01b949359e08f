import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express, json } from 'express'
import {
  createDryRun,
  createSyncApplier,
  type DryRunMiddleware,
  type SyncApplier,
} from 'strangler-kit/service'
import type { DataSource } from 'typeorm'
import { ABOUT } from './about.ts'
import { endpoints } from './endpoints.ts'
import { openDatabase } from './open-database.ts'
import { handleErrors, handleUnknownPath } from './problem.ts'
import type { ServiceOptions } from './service-options.ts'
import { systemRouter } from './system-router.ts'

export interface Service {
  readonly app: Express
  readonly dataSource: DataSource
  start(): Promise<{ readonly url: string }>
  /** Finishes the requests in flight; twice, or before `start`, is fine. */
  stop(): Promise<void>
}

/** Opens the database and wires the service. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const dataSource = await openDatabase(options.databaseUrl)
  try {
    return assemble(options, dataSource, await createApp(options, dataSource))
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
}

async function createApp(options: ServiceOptions, dataSource: DataSource): Promise<Express> {
  const app = express().disable('x-powered-by').disable('etag')
  app.use((_request, response, next) => {
    response.set('x-build', options.build)
    next()
  })
  app.use(systemRouter(dataSource, options.build))
  app.use(json({ limit: '1mb' }), ...(await createDryRuns(options, dataSource)))
  app.use(endpoints(dataSource))
  app.use(handleUnknownPath)
  app.use(handleErrors)
  return app
}

/** Without the token nothing in a request is believed to be the kit's mark. */
async function createDryRuns(
  { stranglerWorkerToken: token }: ServiceOptions,
  dataSource: DataSource,
): Promise<DryRunMiddleware[]> {
  return token === undefined ? [] : [await createDryRun({ dataSource, token })]
}

/** Without the queue the kit writes the copy, by `sides.<name>.database` of its configuration. */
function createApplier(options: ServiceOptions): SyncApplier | undefined {
  const { stranglerQueueUrl: url, stranglerInstallation: installation, databaseUrl } = options
  if (url === undefined) return undefined
  if (installation === undefined)
    throw new Error('With STRANGLER_QUEUE_URL goes STRANGLER_INSTALLATION: `strangler sync status` names it.')
  return createSyncApplier({
    capability: ABOUT.capability,
    installation,
    database: databaseUrl,
    tables: ABOUT.tables,
    queue: { kind: url.startsWith('redis') ? 'redis' : 'postgres', url },
    report: (operation, error) => void process.stderr.write(`${operation}: ${error}\n`),
  })
}

function assemble(options: ServiceOptions, dataSource: DataSource, app: Express): Service {
  const server = createServer(app)
  const applier = createApplier(options)
  let stopped: Promise<void> | undefined
  async function stop(): Promise<void> {
    await close(server)
    await applier?.stop()
    await dataSource.destroy()
  }
  return {
    app,
    dataSource,
    async start() {
      await applier?.start()
      await listen(server, options)
      return { url: `http://${options.host}:${(server.address() as AddressInfo).port}` }
    },
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

function listen(server: Server, { host, port }: ServiceOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

const DRAIN_MS = 5_000

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
