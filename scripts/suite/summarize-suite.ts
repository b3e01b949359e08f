import type { OutsideError } from './outside-errors.ts'

/** What is read of vitest's JSON report. */
export interface SuiteReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests?: number
  readonly testResults: ReadonlyArray<{
    /** The file. */
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[] | null
    }>
  }>
}

export interface SuiteSummary {
  /** `N passed, N failed`, and `, N skipped` if any were. */
  readonly line: string
  readonly exitCode: 0 | 1
  /** One per failure, tests and others: the last lines of a long log are often all that is kept of it. */
  readonly notes: readonly string[]
}

/** Counts so that nothing that went wrong can end in a line without a failure, and no empty run in success. */
export function summarizeSuite(run: {
  failedChecks: readonly string[]
  report: SuiteReport | undefined
  exitCode: number
  outside: readonly OutsideError[]
}): SuiteSummary {
  const { report } = run
  const notes = run.failedChecks.map((name) => `Failed check: ${name}`)
  for (const file of report?.testResults ?? []) {
    if (file.status === 'failed' && file.assertionResults.length === 0)
      notes.push(`Failed to load: ${file.name}`)
  }
  const passed = report?.numPassedTests ?? 0
  const failedTests = report?.numFailedTests ?? 0
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  for (const { file = 'the run', message } of run.outside)
    notes.push(`Outside the tests, in ${file}: ${message}`)
  if (passed + failedTests === 0) notes.push('No test ran.')
  else if (run.exitCode !== 0 && failedTests + notes.length === 0) {
    notes.push(`vitest ended with code ${run.exitCode}: an error outside the tests, see above.`)
  }
  const failed = failedTests + notes.length
  return {
    line: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    exitCode: failed === 0 ? 0 : 1,
    notes: [...describeFailed(report), ...notes],
  }
}

function describeFailed(report: SuiteReport | undefined): string[] {
  return (report?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => {
        const reason = failureMessages?.[0]?.split('\n')[0] ?? 'no reason given'
        return `Failed: ${name}: ${fullName}: ${reason}`
      }),
  )
}
