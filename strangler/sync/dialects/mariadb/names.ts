import { hash } from 'node:crypto'
import type { Statement } from '../../dialect.ts'

/** The kit's tables stand among the application's: MariaDB knows no schema besides the database. */
export function schemaUp(): string[] {
  return []
}

export const CHANGE_LOG = 'strangler_change_log'
export const APPLIED = 'strangler_applied'
export const FLOOR = 'strangler_floor'
export const QUARANTINE = 'strangler_quarantine'
export const SYNC_STATE = 'strangler_sync_state'
export const WRITER = 'strangler_writer'
export const CHECKPOINT = 'strangler_checkpoint'
export const STRAY_WRITE = 'strangler_stray_write'

/** Triggers write into the log itself. */
export function askChanges(write: (changes: string) => string, params: readonly unknown[]): Statement {
  return { sql: write(CHANGE_LOG), params }
}

/** The log's index by table, key and version. */
export const NEWEST_INDEX = 'strangler_newest'

/** What a key's text may take, in characters: 4 bytes each, and an index entry ends at 3,072 bytes. */
export const KEY_CHARACTERS = 675

/**
 * Waiting for a table's metadata lock makes everybody else wait behind us, so DDL gives up soon (error 1205) and is to be
 * tried again.
 */
export const DDL = 'SET STATEMENT lock_wait_timeout=2 FOR'
const DDL_AT_ONCE = 'SET STATEMENT lock_wait_timeout=0 FOR'

/**
 * The same statement where it may not wait: error 1205 unless it has its tables at once. A trigger's DDL on a child locks its parent as well, and while it waits for that,
 * a transaction that has written to the parent and goes on to the child is the victim of a deadlock (1213), always: the server weighs DDL more. Seen in the demo.
 * @returns undefined where nothing waits for a table
 */
export function withoutWaiting(sql: string): string | undefined {
  return sql.includes(DDL) ? sql.replaceAll(DDL, DDL_AT_ONCE) : undefined
}

const LONGEST_NAME = 64

/** An identifier in backticks. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text literal, for sessions without NO_BACKSLASH_ESCAPES, as `session()` sees to. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** The inside of such a literal. */
export function unquoteText(literal: string): string {
  return literal.replaceAll("''", "'").replaceAll('\\\\', '\\')
}

/** Names of triggers are one per database, not per table; those of long-named tables end in a digest. */
export function nameTrigger(purpose: string, table: string): string {
  const name = `strangler_${purpose}_${table}`
  if (name.length <= LONGEST_NAME) return name
  const digest = hash('sha256', table, 'hex').slice(0, 10)
  return `${name.slice(0, LONGEST_NAME - 11)}_${digest}`
}

/** When a trigger runs, e.g. `BEFORE DELETE`. */
export type TriggerMoment = `${'BEFORE' | 'AFTER'} ${'INSERT' | 'UPDATE' | 'DELETE'}`

const COMPOUND = 'BEGIN NOT ATOMIC\n'

/**
 * One statement that makes a trigger unless it stands already, word for word and made by this account: what is made waits for everybody who has the
 * table open, and lets everybody else wait behind itself. `CREATE OR REPLACE` never leaves a gap, since the table is locked meanwhile.
 */
export function createTrigger(name: string, moment: TriggerMoment, table: string, body: string): string {
  const create = `${DDL} CREATE OR REPLACE TRIGGER ${quoteName(name)} ${moment} ON ${quoteName(table)} FOR EACH ROW\n${body}`
  return `${COMPOUND}IF NOT EXISTS (SELECT 1 FROM information_schema.TRIGGERS
  WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = ${quoteText(table)} AND TRIGGER_NAME = ${quoteText(name)}
    AND CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) = '${moment}' AND DEFINER = CURRENT_USER()
    AND CAST(ACTION_STATEMENT AS BINARY) = CAST(${quoteText(body)} AS BINARY)) THEN
EXECUTE IMMEDIATE ${quoteText(create)};
END IF;
END`
}

/** A statement as a part of a compound one. DDL has to come as a text, and no text may execute another: what is compound itself becomes a block. */
export function asPart(sql: string): string {
  return sql.startsWith(COMPOUND)
    ? `BEGIN\n${sql.slice(COMPOUND.length)};`
    : `EXECUTE IMMEDIATE ${quoteText(sql)};`
}

export function dropTrigger(name: string): string {
  return `${DDL} DROP TRIGGER IF EXISTS ${quoteName(name)}`
}

export function dropTable(name: string): string {
  return `${DDL} DROP TABLE IF EXISTS ${quoteName(name)}`
}
