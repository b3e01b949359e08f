import { hasKitTable } from '../bookkeeping.ts'
import { type Finding, toFinding } from './findings.ts'
import type { ProbedDatabase } from './run-probes.ts'

/** Who may write, by the configuration. */
export interface WriterRule {
  readonly role: string
  readonly application?: string | undefined
}

interface Writer {
  readonly role: string
  readonly application: string
}

/** Everybody whose writes were captured and who is not named. Before the installation nobody is known. */
export async function findWriters(
  { database, side, places }: ProbedDatabase,
  rules: readonly WriterRule[],
): Promise<Finding[]> {
  if (!(await hasKitTable(database, 'writer'))) return []
  const rows = await database.query(database.dialect.readWriters(places.flatMap(({ tables }) => tables)))
  return rows.flatMap((row) => {
    const writer = { role: row['role'] ?? '', application: row['application'] ?? '' }
    if (rules.some((rule) => covers(rule, writer))) return []
    const named = writer.application === '' ? '' : ` (application "${writer.application}")`
    const reason = `${writer.role}${named} has written to ${row['tables']}: ${row['changes']} changes, the last at ${row['last']}`
    return [toFinding('WRITER_UNKNOWN', { side, reason })]
  })
}

export function covers(rule: WriterRule, { role, application }: Writer): boolean {
  const isRole = rule.role === role || (!rule.role.includes('@') && role.replace(/@[^@]*$/, '') === rule.role)
  return isRole && (rule.application === undefined || rule.application === application)
}
