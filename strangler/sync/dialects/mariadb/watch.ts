import type { WatchDialect } from '../../watch.ts'
import { captureUp } from './capture.ts'
import { guard } from './guards.ts'
import { unquoteText } from './names.ts'

/** The triggers that some statements make, read from these: there is no second list that could differ. */
function namesIn(statements: readonly string[]): { table: string; name: string }[] {
  return statements.flatMap((sql) => {
    const made = /CREATE OR REPLACE TRIGGER `((?:[^`]|``)+)` \w+ \w+ ON `((?:[^`]|``)+)`/.exec(sql)
    return made === null ? [] : [{ name: nameIn(made[1]), table: nameIn(made[2]) }]
  })
}

/** A name as it is, of one in backticks within a text. */
function nameIn(quoted = ''): string {
  return unquoteText(quoted).replaceAll('``', '`')
}

export const watch = {
  captureTriggers: (tables, ancestors) => namesIn(captureUp(tables, ancestors)),
  guardTriggers: (tables, mode) => namesIn(tables.flatMap((table) => guard(table, mode))),
  // Of ancestors too, which are not among the tables.
  readTriggers: () => ({
    sql: `SELECT EVENT_OBJECT_TABLE AS tbl, TRIGGER_NAME AS name, 'true' AS fires FROM information_schema.TRIGGERS
WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE 'strangler\\_%'`,
    params: [],
  }),
  // InnoDB's own number of a table, by which it knows a TRUNCATE; its time of making stays the same. Wants the PROCESS privilege.
  readMade: (tables) => ({
    sql: `SELECT SUBSTRING_INDEX(SUBSTRING_INDEX(NAME, '/', -1), '#', 1) AS tbl, GROUP_CONCAT(TABLE_ID ORDER BY NAME) AS made
FROM information_schema.INNODB_SYS_TABLES WHERE SUBSTRING_INDEX(NAME, '/', 1) = DATABASE()
GROUP BY 1 HAVING tbl IN (${tables.map(() => '?').join(', ') || 'NULL'})`,
    params: tables.map(({ name }) => name),
  }),
  unwatched: [
    'how many rows were changed: MariaDB counts none that could be compared with the log',
    'TRUNCATE, DROP or EXCHANGE of a single partition',
  ],
} satisfies WatchDialect
