import type { Statement } from '../../dialect.ts'

/** Nothing that the server says of itself outlives a move to another host and changes with a restore: the tokens have to do. */
export function readServer(): Statement {
  return { sql: `SELECT '' AS server, NULL AS position, NULL AS durable`, params: [] }
}
