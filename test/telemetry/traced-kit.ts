import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type pg from 'pg'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { createTestDatabase, openPool } from '../support/postgres.ts'

const KIT = join(import.meta.dirname, '../rollout/programs/kit.ts')
const WATCH = join(import.meta.dirname, 'programs/watch-tracing.ts')
const TOKENS = {
  STRANGLER_OPERATOR_TOKEN: 'operator-token-for-the-spans',
  STRANGLER_VIEWER_TOKEN: 'viewer-token-for-the-spans',
  STRANGLER_NO_REDIS: '1',
}

/** A kit in a process of its own, between a monolith that says whose write it is and a service whose answers differ. */
export interface TracedKit {
  readonly proxyUrl: string
  readonly admin: AdminClient
  /** The monolith's database. */
  readonly shop: pg.Pool
  /** What each side was asked with. */
  readonly asked: Readonly<Record<'monolith' | 'service', readonly string[]>>
  /** What was loaded of OpenTelemetry and how often a span was begun, by the process and its threads. */
  watched(): Promise<string[]>
  copy(): Promise<void>
  stop(): Promise<void>
}

export async function startTracedKit(env: Readonly<Record<string, string>> = {}): Promise<TracedKit> {
  const databases = await Promise.all(['shop', 'stock', 'control'].map(createTestDatabase))
  const [shopUrl = '', stockUrl = '', controlUrl = ''] = databases.map(({ url }) => url)
  const directory = await mkdtemp(join(tmpdir(), 'strangler-spans-'))
  const pools = [openPool(shopUrl), openPool(stockUrl)] as const
  for (const pool of pools) await pool.query('CREATE TABLE stock (id integer PRIMARY KEY, quantity integer)')
  await pools[0].query('INSERT INTO stock SELECT n, n FROM generate_series(1, 20) n')
  const monolith = await startSide(pools[0], 0)
  const service = await startSide(pools[1], 1_000)
  const config = {
    sides: {
      monolith: { url: monolith.url, database: shopUrl },
      inventory: { url: service.url, database: stockUrl },
    },
    capabilities: {
      inventory: {
        endpoints: [{ endpoint: 'GET /api/stock/:id', mode: 'shadow' }, 'POST /api/stock/:id'],
        tables: ['stock'],
        writers: [{ role: 'postgres', because: 'the sides of this test' }],
      },
    },
    control: { url: controlUrl },
    directory,
  }
  const watchFile = join(directory, 'watched')
  const child = spawn(process.execPath, ['--import', WATCH, KIT, JSON.stringify(config), 'kit', 'all'], {
    env: { ...process.env, ...TOKENS, WATCH_TRACING: watchFile, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const said = await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => [])])
  const { url } = JSON.parse(await readFile(join(directory, 'admin.json'), 'utf8'))
  const admin = createAdminClient({ url, token: TOKENS.STRANGLER_OPERATOR_TOKEN })
  return {
    ...{ proxyUrl: String(said[0]), admin, shop: pools[0] },
    asked: { monolith: monolith.asked, service: service.asked },
    watched: async () => (await readFile(watchFile, 'utf8')).trimEnd().split('\n'),
    copy: () => copyStock(admin),
    async stop() {
      child.kill('SIGTERM')
      await exited
      await Promise.all([monolith.stop(), service.stop(), ...pools.map((pool) => pool.end())])
      await Promise.all(databases.map((database) => database.drop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function copyStock(admin: AdminClient): Promise<void> {
  for (const change of ['install', 'backfill'] as const) {
    const { version } = await admin.routes()
    await admin.changeSync(change, { capability: 'inventory', expectedVersion: version })
  }
}

interface Side {
  readonly url: string
  readonly asked: string[]
  stop(): Promise<void>
}

/** @param more what it adds to each quantity that it shows */
async function startSide(pool: pg.Pool, more: number): Promise<Side> {
  const asked: string[] = []
  const server = createServer((req, res) => {
    // The kit itself looks whether a side is there.
    if (req.headers.traceparent !== undefined) asked.push(String(req.headers.traceparent))
    answer(req, res, { pool, more }).catch((error: Error) => res.writeHead(500).end(error.message))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { pool, more }: { pool: pg.Pool; more: number },
): Promise<void> {
  const id = Number(req.url?.split('/').at(-1)) || 1
  if (req.method === 'POST') await writeTraced(pool, id, String(req.headers.traceparent))
  const { rows } = await pool.query('SELECT quantity + $2 AS quantity FROM stock WHERE id = $1', [id, more])
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify({ id, ...rows[0] }))
}

/** As docs/operations/running.md shows it. */
async function writeTraced(pool: pg.Pool, id: number, traceparent: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SELECT set_config('strangler.traceparent', $1, true)`, [traceparent])
    await client.query('UPDATE stock SET quantity = quantity + 1 WHERE id = $1', [id])
    await client.query('COMMIT')
  } finally {
    client.release()
  }
}
