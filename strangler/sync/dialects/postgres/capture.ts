import type { TableShape } from '../../../core/sync-words.ts'
import { MARKS_ALL, markOf } from '../../apply-marker.ts'
import { CREATE_INTAKE, INTAKE } from './intake.ts'
import {
  atomically,
  dropConditional,
  dropTriggers,
  ensureTrigger,
  quoteBody,
  quoteName,
  quoteText,
  routineName,
  SCHEMA,
  schemaUp,
  tableName,
} from './names.ts'
import { createSyncState, dropWhatIsUnused } from './target-state.ts'
import { keyText } from './values.ts'
import { CREATE_WRITER } from './writers.ts'

const ROWS_TRIGGER = 'strangler_capture_rows'
const TRUNCATE_TRIGGER = 'strangler_capture_truncate'
export const CAPTURE_TRIGGERS = [ROWS_TRIGGER, TRUNCATE_TRIGGER]

const MARKER = `pg_catalog.current_setting('strangler.apply', true)`

/** The applier's own writes are not captured: they came from the other side. What they cause elsewhere did not. */
function returnWhenAppliedTo(table: TableShape): string {
  const own = `pg_catalog.strpos(${MARKER}, ${quoteText(markOf(table.name))}) OPERATOR(pg_catalog.<>) 0`
  // Two questions, so that whoever has no marker is asked one.
  return `IF ${MARKER} OPERATOR(pg_catalog.<>) '' THEN
    IF ${own} OR ${MARKER} OPERATOR(pg_catalog.=) '${MARKS_ALL}' THEN
      RETURN NULL;
    END IF;
  END IF;`
}

/**
 * Grows with every record that the server writes, and a row's trigger runs while the row is locked: so versions of one row stand in commit
 * order. A sequence would change the session's lastval(), and with a cache it breaks the order.
 */
export const VERSION = `(pg_catalog.pg_current_wal_insert_lsn() OPERATOR(pg_catalog.-) '0/0'::pg_catalog.pg_lsn)::bigint`

const CHANGE_LOG = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.change_log (
  version bigint NOT NULL,
  tbl text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  op text NOT NULL,
  at timestamptz NOT NULL,
  role text NOT NULL DEFAULT '',
  application text NOT NULL DEFAULT '',
  traceparent text,
  writer_xid xid,
  PRIMARY KEY (tbl, key, version)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000)`

/**
 * What the relay's index holds, for ORDER BY. In a collation that says the same under another name, so that no other statement can choose it:
 * with statistics from an empty log every index looks equally good, and looking up one key through this one reads the whole log (26 s for
 * 500 keys in 100,000 entries).
 */
export const OLDEST_FIRST = `tbl COLLATE "POSIX", version`

/** CREATE INDEX IF NOT EXISTS would wait for every writer even when it is there. */
const CREATE_OLDEST_FIRST = atomically([
  `IF to_regclass('${SCHEMA}.change_log_oldest') IS NULL THEN
  CREATE INDEX change_log_oldest ON ${SCHEMA}.change_log (${OLDEST_FIRST});
END IF;`,
])

const ADDED_COLUMNS = [
  "role text NOT NULL DEFAULT ''",
  "application text NOT NULL DEFAULT ''",
  'traceparent text',
  // The transaction that has written the entry, where that was moved here by another one.
  'writer_xid xid',
]

/** Asks for no lock and no right where nothing is missing. */
export function logUp(): string[] {
  const missing = (column: string) =>
    `NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = '${SCHEMA}.change_log'::regclass AND attname = '${column.split(' ')[0]}')`
  return [
    atomically([
      `IF to_regclass('${SCHEMA}.change_log') IS NOT NULL THEN`,
      ...ADDED_COLUMNS.map(
        (column) => `IF ${missing(column)} THEN
  ALTER TABLE ${SCHEMA}.change_log ADD COLUMN IF NOT EXISTS ${column};
END IF;`,
      ),
      `IF to_regclass('${SCHEMA}.writer') IS NULL THEN\n${CREATE_WRITER};\nEND IF;`,
      CREATE_INTAKE,
      'END IF;',
    ]),
  ]
}

export function captureUp(tables: readonly TableShape[]): string[] {
  return [
    ...schemaUp(),
    CHANGE_LOG,
    ...logUp(),
    CREATE_OLDEST_FIRST,
    createSyncState,
    ...tables.flatMap((table) => [captureFunction(table), captureTriggers(table)]),
  ]
}

/** Leaves nothing of these tables, and nothing at all when they were the last. */
export function captureDown(tables: readonly TableShape[]): string[] {
  return [
    ...tables.map((table) =>
      atomically([
        dropTriggers(table, CAPTURE_TRIGGERS),
        `DROP FUNCTION IF EXISTS ${routineName('capture', table)}();`,
        forgetEntries(table),
      ]),
    ),
    dropWhatIsUnused,
  ]
}

/** The intake first, as what is moved meanwhile is found in the log afterwards. What an older kit has made has none. */
export function forgetChanges(table: string): string[] {
  return [
    atomically([forgetInIntake(table)]),
    `DELETE FROM ${SCHEMA}.change_log WHERE tbl = ${quoteText(table)}`,
  ]
}

function forgetInIntake(table: string): string {
  return `IF to_regclass('${INTAKE}') IS NOT NULL THEN
  DELETE FROM ${INTAKE} WHERE tbl = ${quoteText(table)};
END IF;`
}

function forgetEntries(table: TableShape): string {
  return `${forgetInIntake(table.name)}
IF to_regclass('${SCHEMA}.change_log') IS NOT NULL THEN
  DELETE FROM ${SCHEMA}.change_log WHERE tbl = ${quoteText(table.name)};
END IF;
IF to_regclass('${SCHEMA}.writer') IS NOT NULL THEN
  DELETE FROM ${SCHEMA}.writer WHERE tbl = ${quoteText(table.name)};
END IF;`
}

/** What the application has set for its transaction, if anything. Cut: whatever it is, its own statement must not fail of it. */
const TRACEPARENT = `pg_catalog.left(pg_catalog.current_setting('strangler.traceparent', true), 55)`

/** Without WHEN: the server would read its condition anew in every statement, a quarter of what capture costs a write. */
function captureTriggers(table: TableShape): string {
  const [name, routine] = [tableName(table), routineName('capture', table)]
  const call = `EXECUTE FUNCTION ${routine}()`
  return atomically([
    dropConditional(table, ROWS_TRIGGER),
    ensureTrigger(table, ROWS_TRIGGER, `AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW ${call}`),
    ensureTrigger(table, TRUNCATE_TRIGGER, `AFTER TRUNCATE ON ${name} FOR EACH STATEMENT ${call}`),
  ])
}

/**
 * Runs with the rights of whoever installed it, since the application needs none on the log, and under the application's search path: to set
 * another one takes as long as half of the rest. So every name in it has its schema, and nothing is in it that looks for an operator by itself
 * (IS DISTINCT FROM, IN, LIKE, CASE with an operand).
 */
function captureFunction(table: TableShape): string {
  const log = (key: string, op: 'I' | 'U' | 'D' | 'T') =>
    `INSERT INTO ${INTAKE} (version, tbl, key, op, at, role, application, traceparent)
    VALUES (${VERSION}, ${quoteText(table.name)}, ${key}, '${op}', pg_catalog.clock_timestamp(), SESSION_USER, pg_catalog.current_setting('application_name'), ${TRACEPARENT});`
  const [before, after] = [keyText('OLD', table), keyText('NEW', table)]
  // What may be a key is equal exactly when its texts are. Only an UPDATE has both rows: a column of one that is not there reads as NULL.
  const isUnmoved = table.key
    .map((name) => `OLD.${quoteName(name)} OPERATOR(pg_catalog.=) NEW.${quoteName(name)}`)
    .join(' AND ')
  const is = (operation: string) => `TG_OP OPERATOR(pg_catalog.=) '${operation}'`
  // Every question is made ready anew in each transaction: the commonest write comes first and answers two.
  const body = `BEGIN
  ${returnWhenAppliedTo(table)}
  IF ${isUnmoved} THEN
    ${log(before, 'U')}
  ELSIF ${is('INSERT')} THEN
    ${log(after, 'I')}
  ELSIF ${is('DELETE')} THEN
    ${log(before, 'D')}
  ELSIF ${is('UPDATE')} THEN
    ${log(before, 'U')}
    ${log(after, 'U')}
  ELSE
    ${log("''", 'T')}
  END IF;
  RETURN NULL;
END`
  return `CREATE OR REPLACE FUNCTION ${routineName('capture', table)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS ${quoteBody(body)}`
}
