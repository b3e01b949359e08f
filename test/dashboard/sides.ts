import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

/** What a stored payload would do if a page took it for HTML. */
export const PAYLOAD = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`

const SCHEMA = `
  CREATE TABLE stock (
    id integer PRIMARY KEY, sku text NOT NULL, quantity integer NOT NULL, note text NOT NULL
  );`
const ROWS = 60

/** One side of the stand: its database, and a small HTTP server over it. */
export interface Side {
  readonly url: string
  readonly pool: pg.Pool
  stop(): Promise<void>
}

export interface SideOptions {
  readonly name: string
  readonly rows: boolean
  /** It forgets the reserved ones: the bug that somebody shall find. */
  readonly isBugged: boolean
  /** A header of its answers. */
  readonly link?: string | undefined
}

export async function startSide(
  databaseUrl: string,
  { name, rows, isBugged, link }: SideOptions,
): Promise<Side> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, application_name: 'shop' })
  // The databases are dropped under it at the end.
  pool.on('error', () => undefined)
  await pool.query(SCHEMA)
  if (rows) {
    await pool.query(
      `INSERT INTO stock SELECT n, 'sku-' || n, n, CASE WHEN n % 7 = 0 THEN $1 ELSE 'plain' END FROM generate_series(1, ${ROWS}) n`,
      [PAYLOAD],
    )
  }
  const server = createServer((req, res) => {
    if (link !== undefined) res.setHeader('link', link)
    answer(req, res, { pool, isBugged, name }).catch((error: Error) => {
      res.statusCode = 500
      res.end(error.message)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pool,
    async stop() {
      await close(server)
      await pool.end()
    },
  }
}

interface Ground {
  readonly pool: pg.Pool
  readonly isBugged: boolean
  readonly name: string
}

async function answer(req: IncomingMessage, res: ServerResponse, { pool, isBugged, name }: Ground) {
  req.resume()
  await once(req, 'end')
  res.setHeader('content-type', 'application/json')
  res.setHeader('x-build', `${name}-1`)
  if (req.url === '/metrics') {
    const { user, system } = process.cpuUsage()
    return res.end(
      `process_cpu_seconds_total ${(user + system) / 1e6}\nprocess_resident_memory_bytes 90000000\n`,
    )
  }
  const [, id] = /^\/api\/stock\/(\d+)$/.exec(req.url ?? '') ?? []
  if (id !== undefined && req.method === 'POST') {
    const { rowCount } = await pool.query('UPDATE stock SET quantity = quantity + 1 WHERE id = $1', [id])
    return res.end(JSON.stringify({ changed: rowCount }))
  }
  if (id !== undefined) {
    const { rows } = await pool.query('SELECT * FROM stock WHERE id = $1', [id])
    return res.end(JSON.stringify({ ...rows[0], available: isBugged ? 999 : 1 }))
  }
  const { rows } = await pool.query('SELECT id, sku FROM stock ORDER BY id LIMIT 5')
  res.end(JSON.stringify({ items: rows }))
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
