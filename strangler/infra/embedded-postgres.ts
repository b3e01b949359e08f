import { readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StranglerError } from '../core/errors.ts'
import type { Stoppable } from '../core/ports.ts'
import { findFreePort } from './free-port.ts'
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { ensureCluster, SERVER_ENV } from './postgres-cluster.ts'
import { openPostgresDirectory, type PostgresDirectory } from './postgres-directory.ts'
import { claimDirectory } from './postgres-owner.ts'
import { findServerAccount, type ServerAccount } from './server-account.ts'
import { launchServerProcess, type ServerExit, type ServerProcess } from './server-process.ts'

export interface EmbeddedPostgresOptions {
  /** Where data, password and log are kept; made when absent. One server at a time. */
  readonly directory: string
  /** The port wanted; another one is taken when it is not free. Default: any. */
  readonly port?: number
  /** Further arguments of `postgres`, e.g. `['-c', 'log_statement=all']`. */
  readonly flags?: readonly string[]
  /** False gives up safety against a crash of the machine for speed: for tests. Default true. */
  readonly fsync?: boolean
  /** Default 60,000: a first start, or a recovery after a crash, may take a while on a busy machine. */
  readonly startTimeoutMs?: number
}

export interface EmbeddedPostgres extends Stoppable {
  /** `postgres://postgres:…@127.0.0.1:PORT/postgres`; it holds the password. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Settles when the server has ended, for whatever reason. */
  readonly exited: Promise<ServerExit>
}

/**
 * Starts PostgreSQL from the programs that npm brought, on 127.0.0.1 only, with a random password. As root it runs as
 * user `postgres`. It ends with this process, even when that is killed, and `stop()` may be called twice.
 * @throws StranglerError STRANGLER_POSTGRES_START_FAILED with the last lines of the server's log
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await findServerAccount()
  const binaries = await findPostgresBinaries(account)
  const directory = await openPostgresDirectory(options.directory, account)
  const release = await claimDirectory(directory)
  try {
    const owner = await ensureCluster(directory, binaries, { account, fsync: options.fsync !== false })
    await setAsideLargeLog(directory.logFile)
    const { server, port } = await launchUntilReady(directory, binaries, { ...options, account: owner })
    // A record that stays is no harm: the next start sees that nobody lives behind it.
    const exited = server.exited.then(async (exit) => {
      await release().catch(() => undefined)
      return exit
    })
    const credentials = `postgres:${encodeURIComponent(directory.password)}`
    return {
      url: `postgres://${credentials}@127.0.0.1:${port}/postgres`,
      port,
      pid: server.pid,
      exited,
      stop: async () => {
        await server.stop()
        // Whoever waited for the stop may start again at once.
        if (server.hasExited()) await exited
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

type LaunchOptions = EmbeddedPostgresOptions & { readonly account: ServerAccount | undefined }

/** Two failures pass by themselves: somebody takes the port first, or children of a killed server are still ending. */
const PASSING = [/Address already in use/, /still in use/]

async function launchUntilReady(
  directory: PostgresDirectory,
  binaries: PostgresBinaries,
  options: LaunchOptions,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort(options.port)
    const server = await launch(directory, binaries, { ...options, port })
    const failure = await waitUntilReady(server, directory, options.startTimeoutMs ?? 60_000)
    if (failure === undefined) return { server, port }
    await server.stop()
    const log = await server.readLog()
    if (attempt >= 10 || !PASSING.some((pattern) => pattern.test(log))) {
      throw new StranglerError(
        'STRANGLER_POSTGRES_START_FAILED',
        `PostgreSQL in ${directory.data} ${failure}. The end of its log:\n${log}\n`,
        {
          fix: `Mend what it names (the whole log is ${directory.logFile}), or set \`control.url\` to a PostgreSQL of your own.`,
        },
      )
    }
    await delay(200)
  }
}

async function launch(
  directory: PostgresDirectory,
  binaries: PostgresBinaries,
  options: LaunchOptions & { readonly port: number },
): Promise<ServerProcess> {
  const settings = {
    port: options.port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '64MB',
    max_connections: 200,
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...(options.fsync === false ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return launchServerProcess({
    command: binaries.postgres,
    args: ['-D', directory.data, ...flags, ...(options.flags ?? [])],
    env: SERVER_ENV,
    logFile: directory.logFile,
    account: options.account,
    // Fast: clients are disconnected, the data is written out. Immediate: as after a crash.
    stopSignals: [
      { signal: 'SIGINT', waitMs: 10_000 },
      { signal: 'SIGQUIT', waitMs: 6_000 },
    ],
  })
}

/** The server writes its state into the eighth line of `postmaster.pid`; undefined means that it is ready. */
async function waitUntilReady(
  server: ServerProcess,
  directory: PostgresDirectory,
  timeoutMs: number,
): Promise<string | undefined> {
  const file = join(directory.data, 'postmaster.pid')
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(20)) {
    if (server.hasExited()) return `ended with code ${(await server.exited).code} while it started`
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return undefined
  }
  return `was not ready after ${timeoutMs} ms`
}

async function setAsideLargeLog(path: string, limitBytes = 10_000_000): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > limitBytes) await rename(path, `${path}.1`)
}
