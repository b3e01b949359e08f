import type { TableShape } from '../../../core/sync-words.ts'
import { cascadeDown, cascadeUp } from './cascades.ts'
import { type LoggingBody, logKey, logPlainly, unlessAppliedTo } from './log-entry.ts'
import {
  CHANGE_LOG,
  createTrigger,
  DDL,
  dropTable,
  dropTrigger,
  KEY_CHARACTERS,
  NEWEST_INDEX,
  nameTrigger,
  quoteText,
  WRITER,
} from './names.ts'
import { type PlainKey, writeKeepsKey, writePlainKey } from './plain-key.ts'
import {
  createSyncState,
  deleteRowsAbout,
  dropSyncState,
  dropWhenUnused,
  hasColumn,
  hasTable,
} from './target-state.ts'
import { writeKeyText } from './values.ts'
import { CREATE_WRITER } from './writers.ts'

/**
 * Each table's entries are only ever appended; the last index finds a key's newest. AUTO_INCREMENT, which needs an index that begins
 * with it, disturbs nobody: the server restores the session's last insert id after a trigger.
 */
const CREATE_LOG = `CREATE TABLE IF NOT EXISTS ${CHANGE_LOG} (
  version BIGINT NOT NULL AUTO_INCREMENT,
  tbl VARCHAR(64) NOT NULL,
  \`key\` VARCHAR(${KEY_CHARACTERS}) NOT NULL,
  op CHAR(1) NOT NULL,
  at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  role VARCHAR(300) NOT NULL DEFAULT '',
  traceparent VARCHAR(55) NULL,
  PRIMARY KEY (tbl, version),
  KEY strangler_version (version),
  KEY ${NEWEST_INDEX} (tbl, \`key\`, version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`

const ADDED_COLUMNS = ["role VARCHAR(300) NOT NULL DEFAULT ''", 'traceparent VARCHAR(55) NULL']

/** Asks for no lock and no right where nothing is missing. */
export function logUp(): string[] {
  const unless = (found: string, statement: string) =>
    `BEGIN NOT ATOMIC IF ${hasTable(CHANGE_LOG)} AND NOT ${found} THEN ${statement}; END IF; END`
  return [
    ...ADDED_COLUMNS.map((column) =>
      unless(
        hasColumn(CHANGE_LOG, column.split(' ')[0]!),
        `${DDL} ALTER TABLE ${CHANGE_LOG} ADD COLUMN IF NOT EXISTS ${column}`,
      ),
    ),
    unless(hasTable(WRITER), CREATE_WRITER),
  ]
}

export function captureUp(tables: readonly TableShape[], ancestors: readonly TableShape[] = []): string[] {
  return [
    `${DDL} ${CREATE_LOG}`,
    ...logUp(),
    createSyncState(),
    // Parents first: a cascade that slips in between is then logged twice, not lost.
    ...cascadeUp(tables, ancestors),
    ...tables.flatMap(captureTable),
  ]
}

function captureTable(table: TableShape): string[] {
  const before = writeKeyText(table, 'OLD')
  const after = writeKeyText(table, 'NEW')
  const log = (key: string, op: 'I' | 'U' | 'D') => logKey(table.name, key, op)
  const [plainBefore, plainAfter] = [writePlainKey(table, 'OLD'), writePlainKey(table, 'NEW')]
  const plain = ({ text, when }: PlainKey, op: 'I' | 'U' | 'D') => ({
    plainly: logPlainly(table.name, text, op),
    when,
  })
  const moved = `IF ${before} <> ${after} THEN\n${log(after, 'U')}\nEND IF;`
  const trigger = (event: 'INSERT' | 'UPDATE' | 'DELETE', body: LoggingBody) =>
    createTrigger(nameCapture(event, table), `AFTER ${event}`, table.name, unlessAppliedTo(table.name, body))
  const kept = plain(plainBefore, 'U')
  return [
    trigger('INSERT', { ...plain(plainAfter, 'I'), otherwise: log(after, 'I') }),
    trigger('UPDATE', {
      plainly: kept.plainly,
      when: [writeKeepsKey(table), ...kept.when],
      otherwise: `${log(before, 'U')}\n${moved}`,
    }),
    trigger('DELETE', { ...plain(plainBefore, 'D'), otherwise: log(before, 'D') }),
  ]
}

function nameCapture(event: 'INSERT' | 'UPDATE' | 'DELETE', table: TableShape): string {
  return nameTrigger(`capture_${event.toLowerCase()}`, table.name)
}

/** Other capabilities may capture into the same log, so it goes when no capturing trigger is left. */
export function forgetChanges(table: string): string[] {
  return [`DELETE FROM ${CHANGE_LOG} WHERE tbl = ${quoteText(table)}`]
}

export function captureDown(tables: readonly TableShape[], ancestors: readonly TableShape[] = []): string[] {
  const events = ['INSERT', 'UPDATE', 'DELETE'] as const
  return [
    ...tables.flatMap((table) => events.map((event) => dropTrigger(nameCapture(event, table)))),
    ...cascadeDown(tables, ancestors),
    deleteRowsAbout(tables, [CHANGE_LOG, WRITER]),
    dropWhenUnused(
      `SELECT 1 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND LEFT(TRIGGER_NAME, 18) = 'strangler_capture_'`,
      [dropTable(CHANGE_LOG), dropTable(WRITER)],
    ),
    dropSyncState(),
  ]
}
