import { hash } from 'node:crypto'

/** The kit's tables. They stand among the application's: MariaDB knows no schema besides the database. */
export const CHANGE_LOG = 'strangler_change_log'
export const APPLIED = 'strangler_applied'
export const FLOOR = 'strangler_floor'
export const QUARANTINE = 'strangler_quarantine'
export const SYNC_STATE = 'strangler_sync_state'
export const WRITER = 'strangler_writer'
export const CHECKPOINT = 'strangler_checkpoint'
export const STRAY_WRITE = 'strangler_stray_write'

/** The log's index by table, key and version. */
export const NEWEST_INDEX = 'strangler_newest'

/** What a key's text may take, in characters: 4 bytes each, and an index entry ends at 3,072 bytes. */
export const KEY_CHARACTERS = 675

/**
 * Waiting for a table's metadata lock makes everybody else wait behind us, so DDL gives up soon (error 1205) and is to be
 * tried again.
 */
export const DDL = 'SET STATEMENT lock_wait_timeout=2 FOR'

const LONGEST_NAME = 64

/** An identifier in backticks. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text literal, for sessions without NO_BACKSLASH_ESCAPES, as `session()` sees to. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
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

/** `CREATE OR REPLACE TRIGGER` with a compound body; the replaced one never leaves a gap, since the table is locked meanwhile. */
export function createTrigger(name: string, moment: TriggerMoment, table: string, body: string): string {
  return `${DDL} CREATE OR REPLACE TRIGGER ${quoteName(name)} ${moment} ON ${quoteName(table)} FOR EACH ROW\n${body}`
}

export function dropTrigger(name: string): string {
  return `${DDL} DROP TRIGGER IF EXISTS ${quoteName(name)}`
}

export function dropTable(name: string): string {
  return `${DDL} DROP TABLE IF EXISTS ${quoteName(name)}`
}
