import { CHANGE_LOG, quoteText } from './names.ts'

/** What the application has set for its session, if it is one: whatever else it may be, the application's statement must not fail of it. */
const TRACEPARENT = `IF(@strangler_traceparent RLIKE '^[0-9a-f-]{55}$', @strangler_traceparent, NULL)`

/** SQL of one entry; never INSERT … SELECT, whose reserved numbers made the application's own statement fail. */
export function logKey(table: string, key: string, op: 'I' | 'U' | 'D'): string {
  return `INSERT INTO ${CHANGE_LOG} (tbl, \`key\`, op, role, traceparent) VALUES (${quoteText(table)}, ${key}, '${op}', USER(), ${TRACEPARENT});`
}

/** A trigger's body that an applier's session passes by. */
export function unlessApplying(body: string): string {
  return `BEGIN\nIF @strangler_apply IS NULL THEN\n${body}\nEND IF;\nEND`
}
