import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { Config, ConfigInput } from '../../strangler/config/schema.ts'
import { createTestDatabase, openPool } from '../support/postgres.ts'

export const LONGEST_WAIT_MS = 60_000
const ITEMS = 400
/** So long the copy stands still at least: less than `maxStalenessMs`, so that it is not its age that keeps readers away. */
const HELD_MS = 2_000

type Capability = NonNullable<ConfigInput['capabilities']>[string]

/** A monolith and a service with a database each, and the service's is a copy: `PUT` writes, `GET` reads, on either side its own. */
export interface SyncedShop {
  readonly config: Config
  readonly monolith: pg.Pool
  readonly service: pg.Pool
  readonly controlUrl: string
  /** Until the returned function is called nothing can be written to the copy; it can be read. */
  holdCopy(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

export async function startSyncedShop(
  directory: string,
  {
    capability,
    ...rest
  }: { capability?: Partial<Capability> } & Omit<ConfigInput, 'sides' | 'capabilities'> = {},
): Promise<SyncedShop> {
  const databases = await Promise.all(['shop', 'stock_service', 'control'].map(createTestDatabase))
  const [monolithUrl = '', serviceUrl = '', controlUrl = ''] = databases.map(({ url }) => url)
  const [monolith, service] = [openPool(monolithUrl, 12), openPool(serviceUrl, 12)]
  await monolith.query(`CREATE TABLE stock (id int PRIMARY KEY, quantity int NOT NULL);
    INSERT INTO stock SELECT n, 0 FROM generate_series(1, ${ITEMS}) n`)
  await service.query('CREATE TABLE stock (id int PRIMARY KEY, quantity int NOT NULL)')
  const servers = await Promise.all([serveStock(monolith), serveStock(service)])
  const [monolithSide = '', serviceSide = ''] = servers.map(({ url }) => url)
  const config = checkConfig({
    sides: {
      monolith: { url: monolithSide, database: monolithUrl },
      stock: { url: serviceSide, database: serviceUrl },
    },
    capabilities: {
      stock: {
        endpoints: [{ endpoint: 'GET /stock/:id', mode: 'canary=100' }, 'PUT /stock/:id'],
        tables: ['stock'],
        unit: { header: 'x-user' },
        ...capability,
      },
    },
    proxy: { debugHeaders: true, accessLog: false },
    control: { url: controlUrl },
    directory,
    ...rest,
  })
  return {
    ...{ config, monolith, service, controlUrl },
    async holdCopy() {
      const client = await service.connect()
      await client.query('BEGIN; LOCK TABLE stock IN EXCLUSIVE MODE')
      return async () => {
        await client.query('COMMIT')
        client.release()
      }
    },
    async stop() {
      for (const { server } of servers) {
        server.close()
        server.closeAllConnections()
      }
      await Promise.all([monolith.end(), service.end()])
      await Promise.all(databases.map((database) => database.drop()))
    },
  }
}

async function serveStock(pool: pg.Pool): Promise<{ server: Server; url: string }> {
  const answer: RequestListener = async (req, res) => {
    const [, id, quantity] = /^\/stock\/(\d+)(?:\?to=(\d+))?$/.exec(req.url ?? '') ?? []
    try {
      if (req.method === 'PUT')
        await pool.query('UPDATE stock SET quantity = $2 WHERE id = $1', [id, quantity])
      const { rows } = await pool.query('SELECT quantity FROM stock WHERE id = $1', [id])
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ quantity: rows[0]?.quantity, cookie: req.headers.cookie ?? null }))
    } catch (error) {
      res.statusCode = 500
      res.end(String(error))
    }
  }
  const server = createServer((req, res) => void answer(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Does something while the copy stands still. */
export async function whileHeld<T>(shop: SyncedShop, work: () => Promise<T>): Promise<T> {
  const release = await shop.holdCopy()
  try {
    const [result] = await Promise.all([work(), delay(HELD_MS)])
    return result
  } finally {
    await release()
  }
}
