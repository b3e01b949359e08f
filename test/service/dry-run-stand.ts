import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express, { type Express, json } from 'express'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { createShadowMarks, SHADOW_HEADER } from '../../strangler/core/shadow-mark.ts'
import { deriveShadowSecret } from '../../strangler/core/shadow-secret.ts'
import { createDryRun, type DryRunOptions } from '../../strangler/service.ts'

export const TOKEN = 'worker-token-for-dry-runs'
const marks = createShadowMarks(deriveShadowSecret(TOKEN), Date.now)

export interface Answer {
  readonly status: number
  /** What the service says of the dry run. */
  readonly dryRun: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every shape
  readonly body: any
}

export interface DryRunStand {
  readonly dataSource: DataSource
  readonly reports: unknown[]
  /** A real request; as a shadow request with `mark`. */
  call(method: string, path: string, mark?: string): Promise<Answer>
  shadow(method: string, path: string): Promise<Answer>
  /** All rows of all tables of the application. */
  dump(): Promise<unknown>
  stop(): Promise<void>
}

export const signMark = (id = 'shadow-1') => marks.sign(id)

/** A small service on a database of its own. */
export async function startDryRunStand(
  options: DataSourceOptions,
  {
    schema,
    routes,
    ...limits
  }: {
    schema: readonly string[]
    routes: (app: Express, dataSource: DataSource) => void
  } & Partial<DryRunOptions>,
): Promise<DryRunStand> {
  const dataSource = await new DataSource(options).initialize()
  for (const sql of schema) await dataSource.query(sql)
  const reports: unknown[] = []
  const report = (operation: string, error: unknown) => void reports.push(`${operation}: ${error}`)
  const app = express().use(json(), await createDryRun({ dataSource, token: TOKEN, report, ...limits }))
  routes(app, dataSource)
  app.use(((error, _req, res, _next) => {
    res.status(500).json({ error: error.driverError?.code ?? error.message })
  }) as express.ErrorRequestHandler)
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  async function call(method: string, path: string, mark?: string): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: mark === undefined ? {} : { [SHADOW_HEADER]: mark },
    })
    const text = await answer.text()
    const dryRun = answer.headers.get('x-strangler-dry-run')
    return { status: answer.status, dryRun, body: text === '' ? undefined : JSON.parse(text) }
  }
  return {
    dataSource,
    reports,
    call,
    shadow: (method, path) => call(method, path, signMark()),
    dump: () => dumpTables(dataSource),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await dataSource.destroy()
    },
  }
}

/** Identity counters are not in it: a rollback does not turn them back. */
export async function dumpTables(dataSource: DataSource): Promise<Record<string, unknown>> {
  const schema = dataSource.options.type === 'postgres' ? 'current_schema()' : 'database()'
  const tables: { name: string }[] = await dataSource.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ${schema} AND table_type = 'BASE TABLE' ORDER BY 1`,
  )
  const dumped: Record<string, unknown> = {}
  for (const { name } of tables) {
    const rows: object[] = await dataSource.query(`SELECT * FROM ${name}`)
    dumped[name] = rows.map((row) => JSON.stringify(row)).sort()
  }
  return dumped
}
