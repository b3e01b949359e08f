import type { Statement } from '../../dialect.ts'
import type { Probe, SurveyDialect, TablesPlace } from '../../survey.ts'

/** `$TABLES` stands for the marks of the tables' names. Without tables the empty name finds none. */
const aboutTables =
  (sql: string) =>
  ({ schema, tables }: TablesPlace): Statement => {
    const names = tables.length === 0 ? [''] : tables
    const marks = names.map(() => '?').join(', ')
    const lists = sql.split('$TABLES').length - 1
    return {
      sql: sql.replaceAll('$TABLES', marks),
      params: [schema, ...Array.from({ length: lists }, () => names).flat()],
    }
  }
const once = (sql: string): Statement => ({ sql, params: [] })

const variable = (name: string) =>
  `(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = '${name}')`

/** The user's own lines, and those of the roles that are switched on. */
const MINE = `(p.GRANTEE = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'")
  OR EXISTS (SELECT 1 FROM information_schema.ENABLED_ROLES r WHERE p.GRANTEE = CONCAT("'", r.ROLE_NAME, "'@''") OR p.GRANTEE = r.ROLE_NAME))`

const NEEDED = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'TRIGGER']

const serverProbes: readonly Probe[] = [
  {
    code: 'VERSION_TOO_OLD',
    on: 'both',
    statement: once('SELECT VERSION() AS version'),
    tell: ({ version }) =>
      isRecentMariadb(version ?? '')
        ? undefined
        : { reason: `the server is ${version}; MariaDB 10.6 is the oldest that will do` },
  },
  {
    code: 'NOT_PRIMARY',
    on: 'both',
    statement: once(`SELECT 1 AS found FROM DUAL WHERE ${variable('READ_ONLY')} NOT IN ('OFF', '0')`),
    tell: () => ({ reason: 'the server is read-only' }),
  },
  {
    code: 'MULTI_PRIMARY',
    on: 'both',
    statement:
      once(`SELECT 'is a node of a Galera cluster' AS state FROM DUAL WHERE ${variable('WSREP_ON')} = 'ON'
UNION ALL SELECT 'numbers rows in steps, as several primaries do' FROM DUAL WHERE CAST(${variable('AUTO_INCREMENT_INCREMENT')} AS UNSIGNED) > 1
UNION ALL SELECT 'takes changes from another primary' FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'SLAVES_RUNNING' AND CAST(VARIABLE_VALUE AS UNSIGNED) > 0`),
    tell: (row) => ({ reason: `the server ${row['state']}` }),
  },
  {
    code: 'PRIVILEGE_MISSING',
    on: 'both',
    statement:
      once(`SELECT GROUP_CONCAT(n.privilege ORDER BY n.place SEPARATOR ', ') AS lacks, DATABASE() AS db, CURRENT_USER() AS me
FROM (${NEEDED.map((name, place) => `SELECT ${place} AS place, '${name}' AS privilege`).join(' UNION ALL ')}) n
WHERE NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES p WHERE p.PRIVILEGE_TYPE = n.privilege AND ${MINE})
  AND NOT EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES p WHERE p.PRIVILEGE_TYPE = n.privilege AND DATABASE() LIKE p.TABLE_SCHEMA AND ${MINE})
HAVING lacks IS NOT NULL`),
    tell: (row) => ({
      reason: `${row['me']} lacks ${row['lacks']} on the database ${row['db']}`,
      mend: `GRANT ${row['lacks']} ON \`${row['db']}\`.* TO ${quoteUser(row['me'] ?? '')}.`,
    }),
  },
  {
    code: 'TRIGGERS_NEED_SUPER',
    on: 'both',
    statement:
      once(`SELECT 1 AS found FROM DUAL WHERE ${variable('LOG_BIN')} = 'ON' AND ${variable('LOG_BIN_TRUST_FUNCTION_CREATORS')} = 'OFF'
  AND NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES p WHERE p.PRIVILEGE_TYPE = 'SUPER' AND ${MINE})`),
    tell: () => ({
      reason: 'the binary log is on, log_bin_trust_function_creators is off, and the kit’s user lacks SUPER',
    }),
  },
  {
    code: 'SQL_MODE_LOOSE',
    on: 'both',
    statement: once(
      `SELECT @@GLOBAL.sql_mode AS mode FROM DUAL WHERE @@GLOBAL.sql_mode NOT LIKE '%STRICT\\_%'`,
    ),
    tell: (row) => ({ reason: `sql_mode is '${row['mode']}', without STRICT_TRANS_TABLES` }),
  },
  {
    code: 'LOCK_WAIT_SHORT',
    on: 'source',
    statement: once(
      'SELECT @@GLOBAL.innodb_lock_wait_timeout AS seconds FROM DUAL WHERE @@GLOBAL.innodb_lock_wait_timeout < 5',
    ),
    tell: (row) => ({ reason: `innodb_lock_wait_timeout is ${row['seconds']} s` }),
  },
  {
    code: 'TRUNCATE_UNSEEN',
    on: 'source',
    statement: once('SELECT 1 AS found'),
    tell: () => ({ reason: 'a TRUNCATE of these tables fires no trigger' }),
  },
  {
    code: 'SCHEDULED_JOBS',
    on: 'both',
    statement:
      once(`SELECT EVENT_NAME AS name, @@GLOBAL.event_scheduler AS scheduler FROM information_schema.EVENTS
WHERE EVENT_SCHEMA = DATABASE() AND STATUS = 'ENABLED' ORDER BY EVENT_NAME LIMIT 20`),
    tell: (row) => ({ reason: `there is the event ${row['name']} (event_scheduler is ${row['scheduler']})` }),
  },
  {
    code: 'NOT_LOOKED_AT',
    on: 'both',
    statement: once(`SELECT COUNT(*) AS number FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL HAVING number > 0`),
    tell: (row) => ({
      reason: `of ${row['number']} routines the server does not show the kit’s user what they do`,
      mend: 'Look at them yourself, or grant it SELECT ON mysql.proc for as long as this command runs.',
    }),
  },
  {
    code: 'REPLACE_USED',
    on: 'both',
    statement:
      once(`SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
  AND ROUTINE_DEFINITION RLIKE 'REPLACE[[:space:]]+INTO|ON[[:space:]]+DUPLICATE[[:space:]]+KEY' ORDER BY 1 LIMIT 10`),
    tell: (row) => ({ reason: `the routine ${row['name']} does` }),
  },
  {
    code: 'REPLACE_USED',
    on: 'source',
    when: once(`SELECT 1 AS found FROM DUAL WHERE ${variable('PERFORMANCE_SCHEMA')} = 'ON'`),
    statement:
      once(`SELECT LEFT(DIGEST_TEXT, 100) AS query FROM performance_schema.events_statements_summary_by_digest
WHERE SCHEMA_NAME = DATABASE() AND DIGEST_TEXT RLIKE '^REPLACE|ON DUPLICATE KEY' AND DIGEST_TEXT NOT LIKE '%strangler\\_%' LIMIT 5`),
    tell: (row) => ({ reason: `a statement does: ${row['query']}` }),
  },
  {
    code: 'LASTVAL_USED',
    on: 'both',
    statement:
      once(`SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
  AND ROUTINE_DEFINITION RLIKE 'LAST_INSERT_ID[[:space:]]*[(]|LASTVAL[[:space:]]*[(]' ORDER BY 1 LIMIT 10`),
    tell: (row) => ({ reason: `the routine ${row['name']} uses LAST_INSERT_ID() or LASTVAL()` }),
  },
]

const tableProbes: readonly Probe[] = [
  {
    code: 'PARTITIONED',
    on: 'both',
    statement: aboutTables(`SELECT DISTINCT TABLE_NAME AS tbl FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN ($TABLES) AND PARTITION_NAME IS NOT NULL`),
    tell: (row) => ({ table: row['tbl'] ?? '', reason: `${row['tbl']} is partitioned` }),
  },
  ...(['source', 'target'] as const).map(
    (on): Probe => ({
      code: on === 'source' ? 'TRIGGER_ON_SOURCE' : 'TRIGGER_ON_TARGET',
      on,
      statement:
        aboutTables(`SELECT EVENT_OBJECT_TABLE AS tbl, TRIGGER_NAME AS name FROM information_schema.TRIGGERS
WHERE TRIGGER_SCHEMA = ? AND EVENT_OBJECT_TABLE IN ($TABLES) AND TRIGGER_NAME NOT LIKE 'strangler\\_%' ORDER BY 1, 2`),
      tell: (row) => ({ table: row['tbl'] ?? '', reason: `${row['tbl']} has the trigger ${row['name']}` }),
    }),
  ),
]

/** MySQL numbers its versions otherwise, and its version does not say MariaDB. */
export function isRecentMariadb(version: string): boolean {
  const found = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.\d+-MariaDB/i.exec(version)
  if (found === null) return false
  const [major, minor] = [Number(found[1]), Number(found[2])]
  return major > 10 || (major === 10 && minor >= 6)
}

function quoteUser(user: string): string {
  return `'${user.replace('@', "'@'")}'`
}

const SIZES = { tinyint: 8n, smallint: 16n, mediumint: 24n, int: 32n, bigint: 64n }
const LARGEST = Object.entries(SIZES).map(([type, bits]) => {
  const [signed, unsigned] = [(1n << (bits - 1n)) - 1n, (1n << bits) - 1n]
  return `WHEN '${type}' THEN IF(c.COLUMN_TYPE LIKE '%unsigned%', '${unsigned}', '${signed}')`
})

export const survey = {
  probes: [...serverProbes, ...tableProbes],
  readClock: once('SELECT CAST(FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000) AS CHAR) AS now_ms'),
  // The thread that asks is one of them.
  readLoad: once(
    `SELECT CAST(GREATEST(0, VARIABLE_VALUE - 1) AS CHAR) AS active FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'THREADS_RUNNING'`,
  ),
  readRequired: aboutTables(`SELECT TABLE_NAME AS tbl, COLUMN_NAME AS name FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN ($TABLES) AND IS_NULLABLE = 'NO' AND COLUMN_DEFAULT IS NULL
  AND EXTRA NOT LIKE '%auto_increment%' AND IS_GENERATED = 'NEVER' ORDER BY TABLE_NAME, ORDINAL_POSITION`),
  readIdentities:
    aboutTables(`SELECT c.TABLE_NAME AS tbl, c.COLUMN_NAME AS name, CAST(t.AUTO_INCREMENT - 1 AS CHAR) AS last,
  CASE c.DATA_TYPE ${LARGEST.join(' ')} END AS largest
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = ? AND c.TABLE_NAME IN ($TABLES) AND c.EXTRA LIKE '%auto_increment%' ORDER BY 1, 2`),
  readReferring:
    aboutTables(`SELECT TABLE_NAME AS tbl, CONSTRAINT_NAME AS name, REFERENCED_TABLE_NAME AS referenced,
  DELETE_RULE AS on_delete, UPDATE_RULE AS on_update FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = ? AND REFERENCED_TABLE_NAME IN ($TABLES) AND TABLE_NAME NOT IN ($TABLES) ORDER BY 1, 2`),
} satisfies SurveyDialect
