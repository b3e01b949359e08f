import type { SubjectName } from '../rows.ts'
import { type CheckOutcome, type Difference, describeDifferences, type Outcomes } from './outcomes.ts'

const DECLARED = /^row (\S+) · (\S+) > (.*)$/s

/**
 * What the tests declare and the outcomes lack, and the other way round; nothing was run for it. Of a subject that no test was declared
 * for (no nginx on this machine) nothing is said.
 * @param names of tests, as `vitest list` writes them: suite > sentence
 */
export function findUndeclared(known: Outcomes, names: readonly string[]): Difference[] {
  const rows: Record<string, Partial<Record<SubjectName, readonly CheckOutcome[]>>> = {}
  const seen = new Set<SubjectName>()
  for (const name of names) {
    const [, row = '', subject = '', check = ''] = DECLARED.exec(name) ?? []
    if (check === '') continue
    const of = subject as SubjectName
    seen.add(of)
    const outcome = known.rows[row]?.[of]?.find((one) => one.check === check)
    rows[row] = { ...rows[row], [of]: [...(rows[row]?.[of] ?? []), outcome ?? { check, outcome: 'pass' }] }
  }
  const found = describeDifferences(known, { nginxVersion: known.nginxVersion, rows })
  return found.filter(({ subject }) => seen.has(subject))
}
