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

/** A trigger's body that no applier's session runs: foreign keys are off there, so nothing cascades. */
export function unlessApplying(body: string): string {
  return `BEGIN\nIF @strangler_apply IS NULL THEN\n${body}\nEND IF;\nEND`
}

/** A trigger's body that whoever applies to this table passes by. BINARY, since the table `Stock` is not `stock`. */
export function unlessAppliedTo(table: string, body: string): string {
  const others = `LOCATE(BINARY ${quoteText(markOf(table))}, @strangler_apply) = 0 AND @strangler_apply <> '${MARKS_ALL}'`
  return `BEGIN\nIF @strangler_apply IS NULL OR (${others}) THEN\n${body}\nEND IF;\nEND`
}
