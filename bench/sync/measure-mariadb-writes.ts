import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { findMariaProgram, startMariaServer } from '../../strangler/infra/mariadb-server.ts'
import { startRemote } from '../processes/remote.ts'
import {
  measureWrites,
  type WriteKind,
  type WriteRounds,
  type Writes,
  type WrittenTable,
} from './measure-writes.ts'
import { TABLE } from './options.ts'

/** As many as are written to, and their like around them. */
const ROWS = 100_000

const STATEMENTS: Record<WriteKind, (table: WrittenTable) => string> = {
  update: (table) => `UPDATE ${table} SET quantity = quantity + 1, changed_at = NOW(6) WHERE id = ?`,
  insert: (table) => `INSERT INTO ${table} SELECT ?, 'SKU-new', 1, 2.5, NOW(6)`,
  delete: (table) => `DELETE FROM ${table} WHERE id = ?`,
}

const createTable = (name: string) => `CREATE TABLE ${name} (
  id BIGINT PRIMARY KEY, sku VARCHAR(100) NOT NULL, quantity INT NOT NULL, price DECIMAL(12,2) NOT NULL, changed_at DATETIME(6) NOT NULL
)`

const fillTable = (name: string) => `INSERT INTO ${name}
SELECT seq, CONCAT('SKU-', LPAD(seq, 8, '0')), seq % 1000, (seq % 100000) / 100.0, NOW(6) FROM seq_1_to_${ROWS}`

/** What capture costs the monolith's writes on MariaDB; undefined where no server is on this machine. */
export async function measureMariadbWrites(
  { redis }: { readonly redis: string },
  rounds: Omit<WriteRounds, 'rows'>,
): Promise<Writes | undefined> {
  const program = await findMariaProgram()
  if (program === undefined) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'strangler-bench-mariadb-'))
  const server = await startMariaServer({ directory, program })
  const sync = startRemote('../sync/programs/sync.ts')
  const connection = await mysql.createConnection({
    uri: server.url.replace('mariadb:', 'mysql:'),
    multipleStatements: true,
  })
  try {
    await refuseUnsafe(connection)
    await connection.query(
      `CREATE DATABASE target; USE target; ${createTable(TABLE)};
       CREATE DATABASE source; USE source; ${createTable(TABLE)}; ${createTable('plain')};
       ${fillTable(TABLE)}; ${fillTable('plain')}`,
    )
    await sync.call('open', { source: `${server.url}source`, target: `${server.url}target`, redis })
    await sync.call('install')
    return await measureWrites(
      async (kind, table, id) => {
        const [result] = await connection.execute<mysql.ResultSetHeader>(STATEMENTS[kind](table), [id])
        return result.affectedRows
      },
      { ...rounds, rows: ROWS },
    )
  } finally {
    await connection.end()
    await sync.stop()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Without the wait for the disk the share would be another one. */
async function refuseUnsafe(connection: mysql.Connection): Promise<void> {
  const [rows] = await connection.query<mysql.RowDataPacket[]>(
    'SELECT @@innodb_flush_log_at_trx_commit AS flushed',
  )
  if (String(rows[0]?.['flushed']) !== '1')
    throw new Error(`innodb_flush_log_at_trx_commit is ${rows[0]?.['flushed']}, not 1.`)
}
