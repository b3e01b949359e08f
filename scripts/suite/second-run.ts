import type { OutsideError } from './outside-errors.ts'
import type { SuiteReport } from './summarize-suite.ts'

/** One run of vitest, as it ended. */
export interface SuiteRun {
  /** Undefined where vitest wrote none. */
  readonly report: SuiteReport | undefined
  readonly exitCode: number
  readonly outside: readonly OutsideError[]
}

/** With more failing files than this it is no bad luck. */
const MOST_FILES = 6

/**
 * The files to run once more, in processes of their own: a test that is tried again where it failed meets what its first
 * attempt left, a table that already exists, and fails for that.
 * @returns none where all passed, where a second run could not clear it, or where too much failed
 */
export function filesToRunAgain({ report, outside }: SuiteRun): string[] {
  if (report === undefined || outside.some(({ file }) => file === undefined)) return []
  const failed = report.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name)
  const files = new Set([...failed, ...outside.flatMap(({ file }) => file ?? [])])
  return files.size > MOST_FILES ? [] : [...files]
}

/** The run as it counts: what the second one says of its files, with a word on each test that needed it. */
export function mergeRuns(first: SuiteRun, second: SuiteRun): SuiteRun & { wavering: string[] } {
  if (first.report === undefined || second.report === undefined) return { ...first, wavering: [] }
  const again = new Map(second.report.testResults.map((file) => [file.name, file]))
  const testResults = first.report.testResults.map((file) => again.get(file.name) ?? file)
  const report = countTests(testResults)
  const passedNow = new Set(
    second.report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'passed')
        .map(({ fullName }) => `${name} ${fullName}`),
    ),
  )
  const wavering = first.report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status, fullName }) => status === 'failed' && passedNow.has(`${name} ${fullName}`))
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages?.[0]?.split('\n')[0] ?? ''}`),
  )
  const rest = first.outside.filter(({ file }) => file === undefined || !again.has(file))
  return { report, exitCode: second.exitCode, outside: [...rest, ...second.outside], wavering }
}

function countTests(testResults: SuiteReport['testResults']): SuiteReport {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const count = (...states: string[]) => tests.filter(({ status }) => states.includes(status)).length
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending', 'skipped', 'disabled'),
    numTodoTests: count('todo'),
    testResults,
  }
}
