import { APPLICATION_NAME } from '../../database-options.ts'
import type { Statement } from '../../dialect.ts'
import type { TablesPlace } from '../../survey.ts'

const INSTRUMENT = 'wait/io/table/sql/handler'

const NO_INSTRUMENT = `SELECT 'performance_schema counts no reads of tables',
  'UPDATE performance_schema.setup_instruments SET ENABLED = ''YES'' WHERE NAME = ''${INSTRUMENT}'', and the consumers global_instrumentation and thread_instrumentation likewise'
FROM DUAL WHERE @@performance_schema AND (
  NOT EXISTS (SELECT 1 FROM performance_schema.setup_instruments WHERE NAME = '${INSTRUMENT}' AND ENABLED = 'YES')
  OR (SELECT COUNT(*) FROM performance_schema.setup_consumers WHERE NAME IN ('global_instrumentation', 'thread_instrumentation') AND ENABLED = 'YES') < 2)`

/** Who connects is counted if a row of this table says so. Rows that only add nothing are harmless; one that excepts somebody is not. */
const NO_ACTORS = `SELECT 'performance_schema.setup_actors leaves out sessions',
  'Let it have the row %, %, % with ENABLED = ''YES'' and none with ''NO'', and let the programs connect anew'
FROM DUAL WHERE @@performance_schema AND (
  NOT EXISTS (SELECT 1 FROM performance_schema.setup_actors WHERE HOST = '%' AND USER = '%' AND ROLE = '%' AND ENABLED = 'YES')
  OR EXISTS (SELECT 1 FROM performance_schema.setup_actors WHERE ENABLED = 'NO'))`

/** Somebody connected while it was otherwise, or switched it off. The kit does so for its own sessions. */
const UNWATCHED_SESSIONS = `SELECT CONCAT('performance_schema does not count what ', COUNT(*), ' sessions read, of ', GROUP_CONCAT(DISTINCT COALESCE(t.PROCESSLIST_USER, t.NAME) ORDER BY 1 SEPARATOR ', ')),
  'Let these programs connect anew, or UPDATE performance_schema.threads SET INSTRUMENTED = ''YES'' for them'
FROM performance_schema.threads t WHERE t.TYPE = 'FOREGROUND' AND t.INSTRUMENTED = 'NO' AND NOT EXISTS (
  SELECT 1 FROM performance_schema.session_connect_attrs a
  WHERE a.PROCESSLIST_ID = t.PROCESSLIST_ID AND a.ATTR_NAME = 'program_name' AND a.ATTR_VALUE = '${APPLICATION_NAME}')
HAVING COUNT(*) > 0`

/** What there was no room for is counted nowhere. */
const LOST = [
  'TABLE_INSTANCES',
  'TABLE_HANDLES',
  'INDEX_STAT',
  'THREAD_INSTANCES',
  'THREAD_CLASSES',
  'LOCKER',
]
const LOST_COUNTS = `SELECT CONCAT('the server had no room to count all: ', GROUP_CONCAT(CONCAT(LOWER(VARIABLE_NAME), ' is ', VARIABLE_VALUE) ORDER BY 1 SEPARATOR ', ')),
  'Raise the limit performance_schema_max_... of the same name, and start the server anew'
FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME IN (${LOST.map((what) => `'PERFORMANCE_SCHEMA_${what}_LOST'`).join(', ')}) AND VARIABLE_VALUE <> '0'
HAVING COUNT(*) > 0`

/** The row that says most about a table decides: of the table, of its database, of all. */
const unwatchedTable = `SELECT CONCAT('performance_schema.setup_objects leaves out the table ', n.name),
  CONCAT('INSERT INTO performance_schema.setup_objects VALUES (''TABLE'', ''', n.place, ''', ''', n.name, ''', ''YES'', ''YES''), or UPDATE the row that is there')
FROM (SELECT ? AS place, ? AS name) n WHERE @@performance_schema AND COALESCE((
  SELECT ENABLED FROM performance_schema.setup_objects
  WHERE OBJECT_TYPE = 'TABLE' AND OBJECT_SCHEMA IN (n.place, '%') AND OBJECT_NAME IN (n.name, '%')
  ORDER BY OBJECT_SCHEMA = '%', OBJECT_NAME = '%' LIMIT 1), 'NO') <> 'YES'`

/** Why not every read of these tables is counted. */
export function findBlindness({ schema, tables }: TablesPlace): Statement {
  const off = `SELECT 'performance_schema is off' AS because, 'Set performance_schema=ON for the server and start it anew' AS mend FROM DUAL WHERE NOT @@performance_schema`
  const reasons = [off, NO_INSTRUMENT, NO_ACTORS, ...tables.map(() => unwatchedTable)]
  return {
    sql: [...reasons, UNWATCHED_SESSIONS, LOST_COUNTS].map((one) => `(${one})`).join('\nUNION ALL '),
    params: tables.flatMap((table) => [schema, table]),
  }
}
