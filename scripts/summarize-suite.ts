/** What is read of vitest's JSON report. */
export interface SuiteReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests?: number
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{
      readonly fullName: string
      readonly status: string
      /** Of a test that passed: what its first attempt said. */
      readonly failureMessages?: readonly string[] | null
    }>
  }>
}

export interface SuiteSummary {
  /** `N passed, N failed`, and `, N skipped` if any were. */
  readonly line: string
  readonly exitCode: 0 | 1
  /** Failures that are no test's: each is counted as one. */
  readonly notes: readonly string[]
  /** Tests that passed at the second attempt only: no failures, and worth a look. */
  readonly wavering: readonly string[]
}

/** Counts so that nothing that went wrong can end in a line without a failure, and no empty run in success. */
export function summarizeSuite(run: {
  failedChecks: readonly string[]
  report: SuiteReport | undefined
  exitCode: number
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
  if (passed + failedTests === 0) notes.push('No test ran.')
  else if (run.exitCode !== 0 && failedTests + notes.length === 0) {
    notes.push(`vitest ended with code ${run.exitCode}: an error outside the tests, see above.`)
  }
  const failed = failedTests + notes.length
  return {
    line: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    exitCode: failed === 0 ? 0 : 1,
    notes,
    wavering: listWavering(report),
  }
}

function listWavering(report: SuiteReport | undefined): string[] {
  const tests = report?.testResults.flatMap((file) => file.assertionResults) ?? []
  return tests
    .filter(({ status, failureMessages }) => status === 'passed' && (failureMessages ?? []).length > 0)
    .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages?.[0]?.split('\n')[0] ?? ''}`)
}
