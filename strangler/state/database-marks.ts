import type { DataSource } from 'typeorm'
import type { MarkStore } from '../core/data-position.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

const MARKS = `${CONTROL_SCHEMA}.write_marks`
const AFTER = (parameter: string) => `clock_timestamp() + ${parameter}::float8 * interval '1 ms'`
const NOW_MS = 'extract(epoch FROM clock_timestamp())::float8 * 1000'
const CLOSED = '-'
/** When this table began to keep marks: what it had before is lost. */
const BORN = ''
const CLEAN_EVERY = 500

const OPEN = `INSERT INTO ${MARKS} VALUES ($1, $2, 'Infinity', ${AFTER('$3')}) ON CONFLICT (client, write_id) DO NOTHING`

const CLOSE = `WITH gone AS (DELETE FROM ${MARKS} WHERE client = $1 AND write_id = $2)
INSERT INTO ${MARKS} AS m VALUES ($1, '${CLOSED}', $3::float8, ${AFTER('$4')})
ON CONFLICT (client, write_id) DO UPDATE
SET through = greatest(m.through, excluded.through), expires_at = greatest(m.expires_at, excluded.expires_at)`

const LATEST = `SELECT
  (SELECT ${NOW_MS} - through FROM ${MARKS} WHERE client = '${BORN}' AND write_id = '${BORN}') AS age_ms,
  (SELECT max(through) FROM ${MARKS} WHERE client = $1 AND expires_at > clock_timestamp()) AS through`

const BEGIN = `INSERT INTO ${MARKS} VALUES ('${BORN}', '${BORN}', ${NOW_MS}, 'infinity') ON CONFLICT DO NOTHING`
const CLEAN = `DELETE FROM ${MARKS} WHERE expires_at < clock_timestamp()`

/**
 * Marks in the control database, where no Redis is named: it is the one place that all proxies share.
 * @param longestKeepMs for how long any mark is kept: a table that is younger may have lost one, and holds everybody
 */
export function createDatabaseMarks(dataSource: DataSource, longestKeepMs: number): MarkStore {
  let opened = 0
  return {
    async open({ client, id, keepMs, longestMs }) {
      await dataSource.query(OPEN, [client, id, keepMs + longestMs])
      opened += 1
      if (opened % CLEAN_EVERY === 0) await dataSource.query(CLEAN)
    },
    async close({ client, id, keepMs }, through) {
      await dataSource.query(CLOSE, [client, id, through, keepMs])
    },
    async latest(client) {
      const [row]: { age_ms: number | null; through: number | null }[] = await dataSource.query(LATEST, [
        client,
      ])
      const ageMs = row?.age_ms ?? undefined
      if (ageMs === undefined) await dataSource.query(BEGIN)
      if (ageMs === undefined || ageMs < longestKeepMs) return Number.POSITIVE_INFINITY
      return row?.through ?? undefined
    },
  }
}
