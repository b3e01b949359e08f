import type { Express } from 'express'
import type { DataSource } from 'typeorm'
import type { z } from 'zod'
import { closeServer, type Listening, listen } from './http-listener.ts'
import type { RepeatingJob } from './repeating-job.ts'
import { OptionsError, readOptions } from './service-options.ts'

export interface Service {
  readonly app: Express
  readonly dataSource: DataSource
  /** Work that writes without being asked; running from `start` to `stop`, and can be paused in between. */
  readonly jobs: readonly RepeatingJob[]
  /** Listens (0 = any free port) and begins the background work. */
  start(port?: number): Promise<Listening>
  stop(): Promise<void>
}

interface ServiceParts extends Pick<Service, 'app' | 'dataSource' | 'jobs'> {
  readonly options: { readonly host: string; readonly port: number }
  readonly onListening?: (listening: Listening) => void
  /** Ends long answers (streams, sockets), which would keep the server from closing. */
  readonly onStop?: () => void
}

export function assembleService({
  app,
  dataSource,
  jobs,
  options,
  onListening,
  onStop,
}: ServiceParts): Service {
  let listening: Listening | undefined
  let stopped: Promise<void> | undefined

  async function stop() {
    onStop?.()
    await Promise.all(jobs.map((job) => job.stop()))
    if (listening !== undefined) await closeServer(listening.server)
    await dataSource.destroy()
  }

  return {
    app,
    dataSource,
    jobs,
    async start(port = options.port) {
      listening = await listen(app, options.host, port)
      onListening?.(listening)
      for (const job of jobs) job.start()
      return listening
    },
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

export interface ServiceProgram {
  readonly name: string
  readonly schema: z.ZodObject
  readonly create: (options: never) => Promise<Service>
}

/** A service as a process: options, one line when it listens, a clean end on SIGTERM, exit code 1 with a reason. */
export async function runService({ name, schema, create }: ServiceProgram): Promise<void> {
  try {
    const service = await create(readOptions(schema, process.argv.slice(2), process.env) as never)
    const { url, port } = await service.start().catch(async (error: unknown) => {
      await service.stop()
      throw error
    })
    // Before the line: who has read it may send a signal, and without this one ends the process at once.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.stop())
    process.stdout.write(`${JSON.stringify({ app: name, listening: url, port, pid: process.pid })}\n`)
  } catch (error) {
    process.stderr.write(`${explain(name, error)}\n`)
    process.exitCode = 1
  }
}

function explain(name: string, error: unknown): string {
  if (error instanceof OptionsError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return `The ${name} service cannot listen: ${message}. Choose another --port (0 = any free one).`
  if (code === 'ECONNREFUSED')
    return `The ${name} service cannot reach a database: nothing listens at --database-url or --seed-from.`
  return `The ${name} service cannot start: ${message || code || String(error)}`
}
