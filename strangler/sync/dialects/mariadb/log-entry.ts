import { MARKS_ALL, markOf } from '../../apply-marker.ts'
import { CHANGE_LOG, quoteText } from './names.ts'

/** What the application has set for its session, if it is one: whatever else it may be, the application's statement must not fail of it. */
const TRACEPARENT = `IF(@strangler_traceparent RLIKE '^[0-9a-f-]{55}$', @strangler_traceparent, NULL)`

/** No writer that anybody must name: the kit, whose applied change has caused another. */
const WRITER = `IF(@strangler_apply IS NULL, USER(), '')`

/** SQL of one entry; never INSERT … SELECT, whose reserved numbers made the application's own statement fail. */
export function logKey(table: string, key: string, op: 'I' | 'U' | 'D'): string {
  return `INSERT INTO ${CHANGE_LOG} (tbl, \`key\`, op, role, traceparent) VALUES (${quoteText(table)}, ${key}, '${op}', ${WRITER}, ${TRACEPARENT});`
}

/** The same for a writer that is no applier's session and has said nothing of its trace: a check of that costs more than all other columns together. */
export function logPlainly(table: string, key: string, op: 'I' | 'U' | 'D'): string {
  return `INSERT INTO ${CHANGE_LOG} (tbl, \`key\`, op, role) VALUES (${quoteText(table)}, ${key}, '${op}', USER());`
}

/** A trigger's body that no applier's session runs: foreign keys are off there, so nothing cascades. */
export function unlessApplying(body: string): string {
  return `BEGIN\nIF @strangler_apply IS NULL THEN\n${body}\nEND IF;\nEND`
}

/** What a trigger does for nearly every write, and when that is right; and what it does for any. */
export interface LoggingBody {
  readonly plainly: string
  readonly when: readonly string[]
  readonly otherwise: string
}

/**
 * A trigger's body that whoever applies to this table passes by. BINARY, since the table `Stock` is not `stock`. An ordinary write answers one question: each
 * takes as long as a tenth of the entry's INSERT, and all expressions of one that is asked are made ready anew.
 */
export function unlessAppliedTo(table: string, body: LoggingBody): string {
  const ordinary = ['@strangler_apply IS NULL', '@strangler_traceparent IS NULL', ...body.when].join(' AND ')
  const others = `LOCATE(BINARY ${quoteText(markOf(table))}, @strangler_apply) = 0 AND @strangler_apply <> '${MARKS_ALL}'`
  return `BEGIN
IF ${ordinary} THEN
${body.plainly}
ELSEIF @strangler_apply IS NULL OR (${others}) THEN
${body.otherwise}
END IF;
END`
}
