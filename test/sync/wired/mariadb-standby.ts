import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMariaServer } from '../../../strangler/infra/mariadb-server.ts'
import { openConnection } from '../../support/mariadb.ts'
import { until } from '../pipeline/open-pair.ts'
import type { RestartableServer } from '../simulation/restartable-servers.ts'
import type { Standby } from './standby.ts'

const LONG_MS = 30_000
/** By rows, so that the replica carries what the triggers wrote there and runs none itself. */
const REPLICATION = ['--log-bin', '--binlog-format=ROW', '--gtid-strict-mode=ON', '--log-slave-updates']

/** What a server needs from its first start on for another one to follow it. */
export const PRIMARY_FLAGS = [...REPLICATION, '--server-id=1']

/** Asynchronous, by GTID, from the first line of the primary's log on. */
export async function startMariadbStandby(primary: RestartableServer, program: string): Promise<Standby> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-maria-standby-'))
  // The primary's own statements about it come with its log.
  await copyFile(join(primary.directory, 'password'), join(directory, 'password'))
  const server = await startMariaServer({
    ...{ directory, program },
    flags: [...REPLICATION, '--server-id=2'],
  })
  const { port, username, password } = new URL(primary.url)
  await askServer(server.url, 'RESET MASTER')
  await askServer(
    server.url,
    `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = '${username}', MASTER_PASSWORD = '${decodeURIComponent(password)}', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos`,
  )
  await askServer(server.url, 'START SLAVE')
  const status = async () => (await askServer(server.url, 'SHOW SLAVE STATUS'))[0] ?? {}
  const isRunning = async () => {
    const { Slave_IO_Running: io, Slave_SQL_Running: sql, Last_SQL_Error: error } = await status()
    if (error) throw new Error(`The replica has stopped: ${error}`)
    return io === 'Yes' && sql === 'Yes'
  }
  await until(isRunning, LONG_MS)
  return {
    url: server.url,
    async catchUp() {
      const [row] = await askServer(primary.url, 'SELECT @@gtid_binlog_pos AS goal')
      const [done] = await askServer(
        server.url,
        `SELECT MASTER_GTID_WAIT('${row?.['goal']}', ${LONG_MS / 1_000}) AS late`,
      )
      if (Number(done?.['late']) !== 0)
        throw new Error(`The replica is behind: ${JSON.stringify(await status())}`)
    },
    async cutOff() {
      await askServer(server.url, 'STOP SLAVE')
    },
    async promote() {
      await askServer(server.url, 'STOP SLAVE')
      await askServer(server.url, 'RESET SLAVE ALL')
    },
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function askServer(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const connection = await openConnection(url)
  try {
    const [rows] = await connection.query(sql)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  } finally {
    await connection.end()
  }
}
