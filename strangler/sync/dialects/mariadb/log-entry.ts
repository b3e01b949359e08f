import { CHANGE_LOG, quoteText } from './names.ts'

/** SQL of one entry; never INSERT … SELECT, whose reserved numbers made the application's own statement fail. */
export function logKey(table: string, key: string, op: 'I' | 'U' | 'D'): string {
  return `INSERT INTO ${CHANGE_LOG} (tbl, \`key\`, op, role) VALUES (${quoteText(table)}, ${key}, '${op}', USER());`
}

/** A trigger's body that an applier's session passes by. */
export function unlessApplying(body: string): string {
  return `BEGIN\nIF @strangler_apply IS NULL THEN\n${body}\nEND IF;\nEND`
}
