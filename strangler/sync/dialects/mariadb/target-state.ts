import type { TableShape } from '../../../core/sync-words.ts'
import {
  APPLIED,
  CHANGE_LOG,
  DDL,
  dropTable,
  FLOOR,
  KEY_CHARACTERS,
  QUARANTINE,
  quoteText,
  STRAY_WRITE,
  SYNC_STATE,
} from './names.ts'

const ENGINE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

const KEYED = `tbl VARCHAR(64) NOT NULL, \`key\` VARCHAR(${KEY_CHARACTERS}) NOT NULL, epoch INT NOT NULL, version BIGINT NOT NULL`

export function createSyncState(): string {
  return createTable(
    SYNC_STATE,
    'capability VARCHAR(190) NOT NULL PRIMARY KEY, role VARCHAR(16) NOT NULL, epoch INT NOT NULL, incarnation TEXT NULL',
  )
}

/** Where writes that a guard let pass are kept, with what the row was and became. */
export function createStrayWrite(): string {
  return createTable(
    STRAY_WRITE,
    `id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, tbl VARCHAR(64) NOT NULL, \`key\` VARCHAR(${KEY_CHARACTERS}) NOT NULL, op CHAR(1) NOT NULL,
  before_row LONGTEXT NULL, after_row LONGTEXT NULL, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  session_role VARCHAR(300) NOT NULL DEFAULT '', KEY strangler_tbl (tbl)`,
  )
}

/** In the order in which they are made: where the first is not, none is. */
function createTables(): string[] {
  return [
    // `claim` marks the rows that the latest claim won, since an upsert returns nothing.
    createTable(
      APPLIED,
      `${KEYED}, deleted TINYINT(1) NOT NULL DEFAULT 0, claim BIGINT UNSIGNED NOT NULL DEFAULT 0, PRIMARY KEY (tbl, \`key\`)`,
    ),
    createTable(
      FLOOR,
      'tbl VARCHAR(64) NOT NULL PRIMARY KEY, epoch INT NOT NULL DEFAULT 0, version BIGINT NOT NULL DEFAULT -1',
    ),
    createTable(
      QUARANTINE,
      `${KEYED}, error TEXT NOT NULL, attempts INT NOT NULL DEFAULT 0, next_try_at TIMESTAMP(6) NULL, PRIMARY KEY (tbl, \`key\`)`,
    ),
  ]
}

export function targetUp(): string[] {
  return [...createTables(), createSyncState()]
}

/** Until a capability has applied anything, its guards alone tell that it is installed. */
const ANY_GUARD = `SELECT 1 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND LEFT(TRIGGER_NAME, 16) = 'strangler_guard_'`

/** With tables: what is kept about these goes, and all when nothing is left. Their guards are to be off by then. */
export function targetDown(tables?: readonly TableShape[]): string[] {
  const own = [APPLIED, FLOOR, QUARANTINE, STRAY_WRITE]
  if (tables === undefined) return [...own.map(dropTable), dropSyncState()]
  const left = `SELECT 1 FROM ${APPLIED} UNION ALL SELECT 1 FROM ${FLOOR} UNION ALL SELECT 1 FROM ${QUARANTINE} UNION ALL ${ANY_GUARD}`
  // An installation that was killed may have made the first of them only.
  const complete = createTables().map((sql) => `EXECUTE IMMEDIATE ${quoteText(sql)};`)
  return [
    `BEGIN NOT ATOMIC\nIF ${hasTable(APPLIED)} THEN ${complete.join(' ')} END IF; END`,
    deleteRowsAbout(tables, own),
    `BEGIN NOT ATOMIC\nIF ${hasTable(APPLIED)} THEN EXECUTE IMMEDIATE ${quoteText(dropWhenUnused(left, own.map(dropTable)))}; END IF; END`,
    dropSyncState(),
  ]
}

/** One statement that runs the others unless the query finds something. */
export function dropWhenUnused(query: string, statements: readonly string[]): string {
  return `BEGIN NOT ATOMIC\nIF NOT EXISTS (${query}) THEN ${statements.join('; ')}; END IF; END`
}

/** Deletes what the kit's tables hold about some tables; those of the kit's that do not exist are passed by. */
export function deleteRowsAbout(tables: readonly TableShape[], from: readonly string[]): string {
  const names = tables.map(({ name }) => quoteText(name)).join(', ') || 'NULL'
  const deletes = from.map(
    (name) =>
      `IF ${hasTable(name)} THEN EXECUTE IMMEDIATE ${quoteText(`DELETE FROM ${name} WHERE tbl IN (${names})`)}; END IF;`,
  )
  return `BEGIN NOT ATOMIC\n${deletes.join(' ')} END`
}

/** A database can be source and target at once; its role is forgotten with the last of the two. */
export function dropSyncState(): string {
  return dropWhenUnused(
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('${APPLIED}', '${CHANGE_LOG}')`,
    [dropTable(SYNC_STATE)],
  )
}

export function hasColumn(table: string, column: string): string {
  return `EXISTS (SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}' AND COLUMN_NAME = '${column}')`
}

export function hasTable(name: string): string {
  return `EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${name}')`
}

function createTable(name: string, columns: string): string {
  return `${DDL} CREATE TABLE IF NOT EXISTS ${name} (${columns}) ${ENGINE}`
}
