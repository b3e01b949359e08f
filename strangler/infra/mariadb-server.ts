import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import type { Stoppable } from '../core/ports.ts'
import { findProgram, serverPath } from './find-program.ts'
import { findFreePort } from './free-port.ts'
import { findServerAccount, type ServerAccount } from './server-account.ts'
import { launchServerProcess, type ServerProcess } from './server-process.ts'

const run = promisify(execFile)

export interface MariaServerOptions {
  /** For data, password and log; made when absent. What is there already is used again. One server at a time. */
  readonly directory: string
  /** The server program, e.g. `/usr/sbin/mariadbd`. */
  readonly program: string
  /** The port wanted; the start fails when it is not free. Default: any. */
  readonly port?: number
  /** Further arguments of the server, e.g. `['--log-bin']`. */
  readonly flags?: readonly string[]
  /** False gives up safety against a crash of the machine for speed: for tests. Default true. */
  readonly fsync?: boolean
}

export interface MariaServer extends Stoppable {
  /** `mariadb://root:…@127.0.0.1:PORT/`, without a database; it holds the password. */
  readonly url: string
  readonly port: number
  readonly pid: number
}

/** The server program's path, where there is one. */
export const findMariaProgram = (): Promise<string | undefined> => findProgram(['mariadbd'], serverPath())

/**
 * Starts a MariaDB on a free loopback port, with a random password. It ends with this
 * process, even when that is killed, and `stop()` may be called twice.
 * @throws Error with the last lines of what the server or its installer wrote
 */
export async function startMariaServer(options: MariaServerOptions): Promise<MariaServer> {
  const account = await findMariaAccount()
  await mkdir(options.directory, { recursive: true })
  const home = await realpath(options.directory)
  const temporary = join(home, 'tmp')
  await mkdir(temporary, { recursive: true })
  if (account !== undefined)
    for (const folder of [home, temporary]) await chown(folder, account.uid, account.gid)
  if (!existsSync(join(home, 'data', 'mysql'))) await installData(home, account)
  const password = await keepPassword(home, account)
  // Another process may take the port between our look and the server's bind.
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort())
    const server = await launch({ ...options, home, port, account })
    if (await answersQueries(server, port, password)) {
      const url = `mariadb://root:${password}@127.0.0.1:${port}/`
      return { url, port, pid: server.pid, stop: () => server.stop() }
    }
    await server.stop()
    if (attempt === 3) throw new Error(`MariaDB did not start in ${home}:\n${await server.readLog()}`)
  }
}

/** The server refuses to run as root, so its own user is taken, or whoever runs PostgreSQL. */
async function findMariaAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    const [user, group] = await Promise.all([run('id', ['-u', 'mysql']), run('id', ['-g', 'mysql'])])
    return { uid: Number.parseInt(user.stdout, 10), gid: Number.parseInt(group.stdout, 10) }
  } catch {
    // `id` fails for a name that does not exist.
    return findServerAccount()
  }
}

async function installData(home: string, account: ServerAccount | undefined): Promise<void> {
  const path = serverPath()
  const installer = await findProgram(['mariadb-install-db', 'mysql_install_db'], path)
  if (installer === undefined) throw new Error('mariadb-install-db is not on the PATH, next to mariadbd.')
  const options = [
    '--no-defaults',
    `--datadir=${join(home, 'data')}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]
  // It starts the server, which must not share its folder of temporary tables either.
  await run(installer, options, { ...account, cwd: '/', env: { PATH: path, TMPDIR: join(home, 'tmp') } })
}

/** The server sets it at every start, before it listens. */
async function keepPassword(home: string, account: ServerAccount | undefined): Promise<string> {
  const file = join(home, 'password')
  const kept = existsSync(file)
    ? (await readFile(file, 'utf8')).trim()
    : randomBytes(24).toString('base64url')
  const users = ['localhost', '127.0.0.1', '::1'].map((host) => `'root'@'${host}' IDENTIFIED BY '${kept}'`)
  await writeFile(file, kept, { mode: 0o600 })
  const statements = join(home, 'init.sql')
  await writeFile(statements, users.map((user) => `ALTER USER IF EXISTS ${user};\n`).join(''), {
    mode: 0o600,
  })
  if (account !== undefined) await chown(statements, account.uid, account.gid)
  return kept
}

async function launch(options: {
  program: string
  flags?: readonly string[]
  fsync?: boolean
  home: string
  port: number
  account: ServerAccount | undefined
}): Promise<ServerProcess> {
  const settings = {
    datadir: join(options.home, 'data'),
    // A server that starts deletes the temporary tables of every other one that shares its folder: the other then died of signal 11.
    tmpdir: join(options.home, 'tmp'),
    'bind-address': '127.0.0.1',
    port: options.port,
    socket: join(options.home, 'server.sock'),
    'pid-file': join(options.home, 'server.pid'),
    'init-file': join(options.home, 'init.sql'),
    'innodb-buffer-pool-size': '128M',
    'max-connections': 200,
    'character-set-server': 'utf8mb4',
    ...(options.fsync === false
      ? { 'innodb-flush-log-at-trx-commit': 0, 'innodb-flush-method': 'nosync', 'innodb-doublewrite': 0 }
      : {}),
  }
  return launchServerProcess({
    command: options.program,
    args: [
      '--no-defaults',
      ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      ...(options.flags ?? []),
    ],
    env: { PATH: process.env['PATH'], TZ: 'UTC' },
    logFile: join(options.home, 'mariadb.log'),
    account: options.account,
    stopSignals: [{ signal: 'SIGTERM', waitMs: 15_000 }],
  })
}

async function answersQueries(server: ServerProcess, port: number, password: string): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(50)) {
    if (server.hasExited()) return false
    try {
      const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', password })
      await connection.end()
      return true
    } catch {
      // Not listening yet.
    }
  }
  return false
}
