import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import mysql from 'mysql2/promise'
import pg from 'pg'

/**
 * A monolith that is not the sample and knows nothing of the kit: a public library, as one handler over one database. Its
 * answers have the database's own names, as those of many frameworks do.
 */
export interface Library {
  readonly url: string
  stop(): Promise<void>
}

const TABLES = [
  'CREATE TABLE members (id integer PRIMARY KEY, full_name varchar(80) NOT NULL)',
  `CREATE TABLE books (isbn varchar(20) PRIMARY KEY, title varchar(120) NOT NULL, pages integer NOT NULL, price numeric(8,2) NOT NULL,
    lent boolean NOT NULL)`,
  `CREATE TABLE loans (id integer PRIMARY KEY, member_id integer NOT NULL REFERENCES members (id), isbn varchar(20) NOT NULL,
    FOREIGN KEY (isbn) REFERENCES books (isbn))`,
  `CREATE TABLE book_tags (isbn varchar(20) NOT NULL, tag varchar(20) NOT NULL, PRIMARY KEY (isbn, tag),
    FOREIGN KEY (isbn) REFERENCES books (isbn) ON DELETE CASCADE)`,
  `INSERT INTO members VALUES (1, 'Ada Lovelace'), (2, 'Grace Hopper')`,
  `INSERT INTO books VALUES ('978-0131103627', 'The C Programming Language', 272, 59.90, false),
    ('978-0262510875', 'Structure and Interpretation', 657, 48.00, true), ('978-0201633610', 'Design Patterns', 395, 54.50, false)`,
  `INSERT INTO loans VALUES (7, 2, '978-0262510875')`,
  `INSERT INTO book_tags VALUES ('978-0131103627', 'c')`,
]

type Row = Record<string, unknown>
type Query = (sql: string) => Promise<Row[]>

async function openDatabase(url: string): Promise<{ query: Query; end: () => Promise<void> }> {
  if (url.startsWith('postgres')) {
    const pool = new pg.Pool({ connectionString: url, max: 4 })
    // A database that is dropped ends connections that are idle, or closing.
    pool.on('error', () => undefined)
    pool.on('connect', (client) => client.on('error', () => undefined))
    return { query: async (sql) => (await pool.query(sql)).rows, end: () => pool.end() }
  }
  const pool = mysql.createPool({ uri: url.replace('mariadb:', 'mysql:'), connectionLimit: 4 })
  return { query: async (sql) => (await pool.query(sql))[0] as Row[], end: () => pool.end() }
}

const present = ({ isbn, title, pages, price, lent }: Row) => ({
  ...{ isbn, title, pages },
  price: Number(price),
  lent: Boolean(lent),
})

export async function startLibrary(databaseUrl: string): Promise<Library> {
  const { query, end } = await openDatabase(databaseUrl)
  for (const sql of TABLES) await query(sql)
  const server = createServer((req, res) => {
    answer(query, req, res).catch((error: Error) => send(res, 500, { error: error.message }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await end()
    },
  }
}

function send(res: ServerResponse, status: number, body: object): void {
  res
    .writeHead(status, { 'content-type': 'application/json', 'x-build': 'library-1' })
    .end(JSON.stringify(body))
}

async function answer(query: Query, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?')
  const [, area = '', id, part] = path.split('/')
  if (!/^[\w-]*$/.test(id ?? '')) return send(res, 400, { error: 'bad id' })
  if (req.method === 'POST' && area === 'loans') return send(res, 202, { accepted: true })
  if (path === '/healthz') return send(res, 200, { ok: true })
  if (path === '/books') {
    const books = (await query('SELECT * FROM books ORDER BY isbn')).map(present)
    return send(res, 200, { books, count: books.length })
  }
  if (area === 'books')
    return sendOne(res, (await query(`SELECT * FROM books WHERE isbn = '${id}'`)).map(present))
  if (area === 'members' && part === 'loans') {
    const loans = await query(
      `SELECT l.id, b.title FROM loans l JOIN books b ON b.isbn = l.isbn WHERE member_id = ${id}`,
    )
    return send(res, 200, { loans })
  }
  if (area === 'members' && id !== undefined)
    return sendOne(res, await query(`SELECT id, full_name FROM members WHERE id = ${id}`))
  send(res, 404, { error: 'no such page' })
}

function sendOne(res: ServerResponse, [row]: Row[]): void {
  if (row === undefined) return send(res, 404, { error: 'not found' })
  send(res, 200, row)
}
