import type { Statement } from '../../dialect.ts'
import { CHANGE_LOG } from './names.ts'

/**
 * A replica that takes over has another number than its primary, or it could not have followed it. The next number of the log is kept on disk and
 * never goes back by itself; but it counts what was never committed too, so what is certain is only what the target has acknowledged.
 */
export function readServer(): Statement {
  return {
    sql: `SELECT CAST(@@server_id AS CHAR) AS server, NULL AS durable, (SELECT CAST(AUTO_INCREMENT - 1 AS CHAR)
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${CHANGE_LOG}') AS position`,
    params: [],
  }
}
