import type { TableShape } from '../../../core/sync-words.ts'
import type { GuardMode } from '../../dialect.ts'
import { createTrigger, dropTrigger, nameTrigger, quoteName, quoteText, STRAY_WRITE } from './names.ts'
import { createStrayWrite } from './target-state.ts'
import { writeCanonicalText, writeKeyText } from './values.ts'

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const
type Event = (typeof EVENTS)[number]

/** A session of the applier, or of a transaction that will be rolled back, passes. */
const FOREIGN = '@strangler_apply IS NULL AND @strangler_dry_run IS NULL'

/**
 * The fence around a table that the other side owns. `reject` refuses a write with SQLSTATE 45000; `report` keeps what the row
 * was and became, in the write's own transaction. The new triggers come before the old ones go; one that stands already is left alone. TRUNCATE and
 * cascades fire none.
 */
export function guard(table: TableShape, mode: GuardMode): string[] {
  const rejecting = EVENTS.map((event) => nameGuard('reject', event, table))
  const reporting = EVENTS.map((event) => nameGuard('report', event, table))
  if (mode === 'off') return [...rejecting, ...reporting].map(dropTrigger)
  if (mode === 'reject') {
    return [...EVENTS.map((event) => rejectWrites(event, table)), ...reporting.map(dropTrigger)]
  }
  return [
    createStrayWrite(),
    ...EVENTS.map((event) => reportWrites(event, table)),
    ...rejecting.map(dropTrigger),
  ]
}

function nameGuard(mode: 'reject' | 'report', event: Event, table: TableShape): string {
  return nameTrigger(`guard_${mode}_${event.toLowerCase()}`, table.name)
}

function rejectWrites(event: Event, table: TableShape): string {
  // MESSAGE_TEXT ends at 128 characters.
  const message = `Strangler: table ${table.name} takes no writes here, the other database owns it.`.slice(
    0,
    128,
  )
  const body = `IF ${FOREIGN} THEN\nSIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = ${quoteText(message)};\nEND IF`
  return createTrigger(nameGuard('reject', event, table), `BEFORE ${event}`, table.name, body)
}

function reportWrites(event: Event, table: TableShape): string {
  const key = writeKeyText(table, event === 'INSERT' ? 'NEW' : 'OLD')
  const before = event === 'INSERT' ? 'NULL' : writeImage(table, 'OLD')
  const after = event === 'DELETE' ? 'NULL' : writeImage(table, 'NEW')
  const body = `IF ${FOREIGN} THEN
INSERT INTO ${STRAY_WRITE} (tbl, \`key\`, op, before_row, after_row, session_role)
VALUES (${quoteText(table.name)}, ${key}, '${event[0]}', ${before}, ${after}, USER());
END IF`
  return createTrigger(nameGuard('report', event, table), `AFTER ${event}`, table.name, body)
}

/** A JSON object of the row's canonical texts. */
function writeImage(table: TableShape, row: 'OLD' | 'NEW'): string {
  const members = table.columns.map(
    (column) =>
      `${quoteText(column.name)}, ${writeCanonicalText(column, `${row}.${quoteName(column.name)}`)}`,
  )
  return `JSON_OBJECT(${members.join(', ')})`
}
