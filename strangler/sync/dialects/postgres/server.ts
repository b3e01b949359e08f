import type { Statement } from '../../dialect.ts'

/** The timeline changes when a standby takes over, and after a recovery to a point in time. */
const SERVER = `(SELECT system_identifier FROM pg_control_system())::text
  || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())::text
  || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)`

export function readServer(): Statement {
  return {
    sql: `SELECT ${SERVER} AS server, (pg_current_wal_insert_lsn() - '0/0')::bigint::text AS position,
  (pg_current_wal_flush_lsn() - '0/0')::bigint::text AS durable`,
    params: [],
  }
}
