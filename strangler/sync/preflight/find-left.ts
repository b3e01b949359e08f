import { countOf } from '../../core/count-of.ts'
import type { TableShape } from '../../core/sync-words.ts'
import { type Finding, toFinding } from './findings.ts'
import type { ProbedDatabase } from './run-probes.ts'

/** The kit's triggers on these tables, of which the journal knows nothing. */
export async function findLeft(
  { database, side }: ProbedDatabase,
  { capability, tables }: { readonly capability: string; readonly tables: readonly TableShape[] },
): Promise<Finding[]> {
  const rows = await database.query(database.dialect.watch.readTriggers(tables))
  const left = rows
    .map((row) => row['tbl'] ?? '')
    .filter((name) => tables.some((table) => table.name === name))
  if (left.length === 0) return []
  const names = [...new Set(left)].sort().join(', ')
  const found = {
    side,
    reason: `${countOf(left.length, 'trigger')} of the kit are on ${names}, and no sync of ${capability} is installed`,
    mend: `\`strangler sync install ${capability}\` takes them into use, \`strangler sync uninstall ${capability}\` takes them out.`,
  }
  return [toFinding('INSTALLED_UNASKED', found)]
}
