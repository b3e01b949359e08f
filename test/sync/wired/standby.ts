import { chown, copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../../strangler/infra/embedded-postgres.ts'
import { openClient } from '../../support/postgres.ts'
import { until } from '../pipeline/open-pair.ts'
import { copyFiles, type RestartableServer } from '../simulation/restartable-servers.ts'

const LONG_MS = 30_000

/** A PostgreSQL that follows another one, and can take its place. */
export interface Standby {
  readonly url: string
  /** Until it has everything that the primary has now. */
  catchUp(): Promise<void>
  /** From now on it gets nothing more: what the primary commits is lost with the primary. */
  cutOff(): Promise<void>
  promote(): Promise<void>
  stop(): Promise<void>
}

/** Asynchronous, as PostgreSQL's replication is unless one asks for more. */
export async function startStandby(primary: RestartableServer): Promise<Standby> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-standby-'))
  await copyFile(join(primary.directory, 'password'), join(directory, 'password'))
  await copyLive(primary, join(directory, 'data'))
  const server = await startEmbeddedPostgres({ directory })
  const ask = (sql: string) => askServer(server.url, sql)
  await until(async () => (await ask('SELECT status FROM pg_stat_wal_receiver')) === 'streaming', LONG_MS)
  return {
    url: server.url,
    async catchUp() {
      const goal = await askServer(primary.url, 'SELECT pg_current_wal_flush_lsn()')
      await until(async () => (await ask(`SELECT pg_last_wal_replay_lsn() >= '${goal}'`)) === true, LONG_MS)
    },
    async cutOff() {
      await ask("ALTER SYSTEM SET primary_conninfo = ''")
      await ask('SELECT pg_reload_conf()')
      await until(async () => (await ask('SELECT count(*)::int FROM pg_stat_wal_receiver')) === 0, LONG_MS)
    },
    async promote() {
      await ask('SELECT pg_promote()')
    },
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** What pg_basebackup does, which the embedded PostgreSQL does not bring. */
async function copyLive(primary: RestartableServer, data: string): Promise<void> {
  const client = await openClient(primary.url)
  try {
    await client.query("SELECT pg_backup_start('standby', fast => true)")
    await copyFiles(join(primary.directory, 'data'), data)
    const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)')
    await rm(join(data, 'postmaster.pid'))
    const { uid, gid } = await stat(data)
    const { port, password } = new URL(primary.url)
    const settings = `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres password=${decodeURIComponent(password)}'\n`
    const files = {
      backup_label: rows[0].labelfile,
      'standby.signal': '',
      'postgresql.auto.conf': settings,
    }
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(data, name), text)
      await chown(join(data, name), uid, gid)
    }
  } finally {
    await client.end()
  }
}

/** The one value of the one row. */
async function askServer(url: string, sql: string): Promise<unknown> {
  const client = await openClient(url)
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}
