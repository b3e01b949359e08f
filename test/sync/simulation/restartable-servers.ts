import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '../../../strangler/infra/embedded-postgres.ts'
import { findFreePort } from '../../../strangler/infra/free-port.ts'
import { startMariaServer } from '../../../strangler/infra/mariadb-server.ts'
import { launchServerProcess } from '../../../strangler/infra/server-process.ts'
import { openSide, type Side } from './side.ts'

/** A server of a test's own that can be killed, and starts again at the same address. */
export interface RestartableServer {
  readonly url: string
  /** With its `data`, and for PostgreSQL its `password`. */
  readonly directory: string
  /** SIGKILL; it is gone when this settles. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Stops, keeps a copy of all its files, and starts again. */
  backUp(): Promise<void>
  /** Kills it, and starts it on the files of that copy. */
  restore(): Promise<void>
  stop(): Promise<void>
}

/** Everything that it held is gone when it starts again. */
export async function startRedis(program: string): Promise<RestartableServer> {
  const [port, password] = [await findFreePort(), randomBytes(12).toString('hex')]
  return keepServer('redis', async (directory) => {
    const server = await launchServerProcess({
      command: program,
      args: ['-'],
      input: `bind 127.0.0.1\nport ${port}\nrequirepass ${password}\nsave ""\nappendonly no\ndir "${directory}"\nmaxmemory-policy noeviction\n`,
      env: { PATH: process.env['PATH'] },
      logFile: join(directory, 'redis.log'),
      stopSignals: [{ signal: 'SIGTERM', waitMs: 5_000 }],
    })
    return { server, url: `redis://:${password}@127.0.0.1:${port}` }
  })
}

/** With fsync on: what was committed must be there again. */
export function startPostgres(): Promise<RestartableServer> {
  let port: number | undefined
  return keepServer('postgres', async (directory) => {
    const server = await startEmbeddedPostgres({ directory, ...(port === undefined ? {} : { port }) })
    port ??= server.port
    if (server.port !== port) throw new Error(`Somebody has taken port ${port} meanwhile.`)
    return { server, url: server.url }
  })
}

export function startMariadb(program: string, flags: readonly string[] = []): Promise<RestartableServer> {
  let port: number | undefined
  return keepServer('mariadb', async (directory) => {
    const server = await startMariaServer({
      ...{ directory, program, flags },
      ...(port === undefined ? {} : { port }),
    })
    port ??= server.port
    return { server, url: server.url }
  })
}

interface Running {
  readonly server: { readonly pid: number; stop(): Promise<void> }
  readonly url: string
}

async function keepServer(
  name: string,
  launch: (directory: string) => Promise<Running>,
): Promise<RestartableServer> {
  const directory = await mkdtemp(join(tmpdir(), `strangler-${name}-`))
  let running = await launch(directory)
  const [data, copy] = [join(directory, 'data'), join(directory, 'data.kept')]
  const start = async () => {
    running = await launch(directory)
  }
  const kill = async () => {
    process.kill(running.server.pid, 'SIGKILL')
    while (isAlive(running.server.pid)) await delay(20)
  }
  return {
    url: running.url,
    directory,
    kill,
    start,
    async backUp() {
      await running.server.stop()
      await rm(copy, { recursive: true, force: true })
      await copyFiles(data, copy)
      await start()
    },
    async restore() {
      await kill()
      await rm(data, { recursive: true })
      await copyFiles(copy, data)
      await start()
    },
    async stop() {
      await running.server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** With their owner, which is not ours where we are root. */
export async function copyFiles(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // No such process.
    return false
  }
}

/** A fresh database on such a server. */
export async function createSideOn(
  dialect: Side['dialect'],
  server: RestartableServer,
  name: string,
): Promise<Side> {
  const nothing = async () => undefined
  await openSide(dialect, server.url, nothing).run(`CREATE DATABASE ${name}`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return openSide(dialect, url.href, nothing)
}
