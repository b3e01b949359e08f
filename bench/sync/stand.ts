import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { findRedis } from '../../strangler/infra/redis-server.ts'
import { type Remote, startRemote } from '../processes/remote.ts'
import { createTable, fillTable, TABLE } from './options.ts'

export interface Addresses {
  readonly source: string
  readonly target: string
  readonly redis: string
}

/** Two PostgreSQL servers that write through to the disk, a Redis, and the sync in a process of its own. */
export interface SyncStand extends Addresses {
  readonly monolith: pg.Pool
  readonly service: pg.Pool
  readonly sync: Remote
  /** Stopped last to first. */
  readonly releases: (() => Promise<unknown>)[]
}

/** Memory and log space as a small server has them; fsync stays on. */
const FLAGS = ['shared_buffers=512MB', 'max_wal_size=4GB', 'wal_compression=on', 'checkpoint_timeout=15min']

export async function startStand(rows: number): Promise<SyncStand> {
  const releases: SyncStand['releases'] = []
  try {
    return await start(rows, releases)
  } catch (error) {
    await releaseAll(releases)
    throw error
  }
}

export async function releaseAll(releases: SyncStand['releases']): Promise<void> {
  for (const release of releases.splice(0).toReversed()) await release()
}

async function start(rows: number, releases: SyncStand['releases']): Promise<SyncStand> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-bench-sync-'))
  releases.push(() => rm(directory, { recursive: true, force: true }))
  const [source, target] = await Promise.all([
    startServer(join(directory, 'monolith'), releases),
    startServer(join(directory, 'service'), releases),
  ])
  const redis = await findRedis({ directory: join(directory, 'redis') })
  if (redis.kind !== 'redis') throw new Error(`This benchmark needs a Redis: ${redis.description}.`)
  releases.push(() => redis.stop())
  const addresses: Addresses = { source, target, redis: redis.url }
  const [monolith, service] = [openPool(source, releases), openPool(target, releases)]
  await Promise.all([
    monolith.query(`${createTable(TABLE)}; ${createTable('plain')}; ${fillTable(TABLE, rows)}`),
    service.query(`${createTable(TABLE)}; ${createTable('copied')}`),
  ])
  await monolith.query(`INSERT INTO plain SELECT * FROM ${TABLE}`)
  await monolith.query('VACUUM ANALYZE')
  await monolith.query('CHECKPOINT')
  const sync = startRemote('../sync/programs/sync.ts')
  releases.push(() => sync.stop())
  await sync.call('open', addresses)
  return { ...addresses, monolith, service, sync, releases }
}

async function startServer(directory: string, releases: SyncStand['releases']): Promise<string> {
  releases.push(() => removePostgresDirectory(directory))
  const server = await startEmbeddedPostgres({ directory, flags: FLAGS.flatMap((flag) => ['-c', flag]) })
  releases.push(() => server.stop())
  return server.url
}

function openPool(connectionString: string, releases: SyncStand['releases']): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 16 })
  pool.on('error', (error) => process.stderr.write(`bench: ${error.message}\n`))
  releases.push(() => pool.end())
  return pool
}
