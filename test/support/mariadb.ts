import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import mysql from 'mysql2/promise'
import { findProgram } from '../../strangler/infra/find-program.ts'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { launchServerProcess, type ServerProcess } from '../../strangler/infra/server-process.ts'

const READY_WITHIN_MS = 30_000

export interface TestMariadb {
  /** Makes an empty database and gives its URL. */
  createDatabase(name: string): Promise<string>
  /** Ends the server and deletes its files. */
  stop(): Promise<void>
}

/** A MariaDB of its own for one test file, on a free loopback port; `program` is what `requireProgram` found. */
export async function startTestMariadb(program: string): Promise<TestMariadb> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-mariadb-'))
  // As root the server runs as the user mysql, who must be able to come through here.
  await chmod(directory, 0o755)
  const asUser = process.getuid?.() === 0 ? ['--user=mysql'] : []
  const data = `--datadir=${join(directory, 'data')}`
  const install = await findProgram(['mariadb-install-db', 'mysql_install_db'], process.env['PATH'])
  if (install === undefined) throw new Error(`${program} is here, but mariadb-install-db is not.`)
  const authentication = '--auth-root-authentication-method=normal'
  await promisify(execFile)(install, ['--no-defaults', ...asUser, data, authentication, '--skip-test-db'])
  const port = await findFreePort()
  const socket = `--socket=${join(directory, 'data', 'server.sock')}`
  const server = await launchServerProcess({
    command: program,
    args: ['--no-defaults', ...asUser, data, socket, `--port=${port}`, '--bind-address=127.0.0.1'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    logFile: join(directory, 'server.log'),
    stopSignals: [{ signal: 'SIGTERM', waitMs: 10_000 }],
  })
  const administrator = await connect(server, port)
  return {
    async createDatabase(name) {
      await administrator.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
      return `mariadb://root@127.0.0.1:${port}/${name}`
    },
    async stop() {
      await administrator.end()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function connect(server: ServerProcess, port: number): Promise<mysql.Connection> {
  const until = Date.now() + READY_WITHIN_MS
  for (;;) {
    try {
      return await mysql.createConnection({ host: '127.0.0.1', port, user: 'root' })
    } catch (error) {
      // It listens only once it has recovered its files; what counts is whether it is still alive.
      if (server.hasExited() || Date.now() > until)
        throw new Error(`MariaDB did not start:\n${await server.readLog()}`, { cause: error })
      await delay(100)
    }
  }
}
