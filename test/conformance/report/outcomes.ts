import { ROWS, SUBJECTS, type SubjectName } from '../rows.ts'

/** What one check showed on one subject. */
export interface CheckOutcome {
  readonly check: string
  readonly outcome: 'pass' | 'fail' | 'not applicable'
  /** Why it is not applicable. */
  readonly reason?: string
}

/** The outcomes of all checks, by row and subject; committed beside the tests, and what the page is written from. */
export interface Outcomes {
  /** The nginx that the last column was measured on. */
  readonly nginxVersion: string | undefined
  readonly rows: Readonly<Record<string, Partial<Record<SubjectName, readonly CheckOutcome[]>>>>
}

/** One test's outcome as the reporter sees it; undefined when a filter left it out. */
export interface ObservedCheck {
  readonly row: string
  readonly subject: SubjectName
  readonly outcome: CheckOutcome | undefined
}

type ByRow = Record<string, Partial<Record<SubjectName, readonly CheckOutcome[]>>>

/**
 * Puts what a run observed in place of what was known. A row of a subject that the run did not do completely keeps its old
 * outcomes: a filtered run changes only what it ran, and a machine without nginx, or with another one, keeps its column.
 */
export function mergeOutcomes(
  known: Outcomes,
  observed: readonly ObservedCheck[],
  nginxVersion?: string,
): Outcomes {
  const rows: ByRow = {}
  for (const { number } of ROWS) {
    for (const subject of SUBJECTS) {
      const checks = observed.filter((check) => check.row === number && check.subject === subject)
      const outcomes = checks.map(({ outcome }) => outcome).filter((outcome) => outcome !== undefined)
      const complete = checks.length > 0 && outcomes.length === checks.length
      const chosen = complete ? outcomes : known.rows[number]?.[subject]
      if (chosen !== undefined) rows[number] = { ...rows[number], [subject]: chosen }
    }
  }
  return { nginxVersion: nginxVersion ?? known.nginxVersion, rows }
}

/** One check that another run shows otherwise; `absent` when one of the two does not have it. */
export interface Difference {
  readonly row: string
  readonly subject: SubjectName
  readonly check: string
  readonly was: string
  readonly is: string
}

/** What another run shows otherwise. */
export function describeDifferences(known: Outcomes, shown: Outcomes): Difference[] {
  return ROWS.flatMap(({ number: row }) =>
    SUBJECTS.flatMap((subject) => compareRow(known, shown, { row, subject })),
  )
}

function compareRow(
  known: Outcomes,
  shown: Outcomes,
  { row, subject }: Pick<Difference, 'row' | 'subject'>,
): Difference[] {
  const outcomesOf = ({ rows }: Outcomes) =>
    new Map(rows[row]?.[subject]?.map(({ check, outcome }) => [check, outcome]))
  const [before, now] = [outcomesOf(known), outcomesOf(shown)]
  const checks = new Set([...before.keys(), ...now.keys()])
  return [...checks]
    .map((check) => ({
      row,
      subject,
      check,
      was: before.get(check) ?? 'absent',
      is: now.get(check) ?? 'absent',
    }))
    .filter(({ was, is }) => was !== is)
}
