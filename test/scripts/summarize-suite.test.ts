import { expect, test } from 'vitest'
import { type SuiteReport, summarizeSuite } from '../../scripts/summarize-suite.ts'

const report = (numbers: Partial<SuiteReport>): SuiteReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  testResults: [],
  ...numbers,
})
interface Run {
  failedChecks: string[]
  report: SuiteReport | undefined
  exitCode: number
}
const good: Run = { failedChecks: [], report: report({ numPassedTests: 12 }), exitCode: 0 }

test('all passed: the line is exactly that', () => {
  expect(summarizeSuite(good)).toEqual({ line: '12 passed, 0 failed', exitCode: 0, notes: [], wavering: [] })
})

test('a test that passed at its second attempt is no failure, and is named with what the first one said', () => {
  const assertionResults = [
    { fullName: 'steady', status: 'passed', failureMessages: [] },
    { fullName: 'wavering', status: 'passed', failureMessages: ['Error: too late\n  at x'] },
    { fullName: 'broken', status: 'failed', failureMessages: ['Error: wrong'] },
  ]
  const testResults = [{ name: 'a.test.ts', status: 'failed', assertionResults }]
  const run = { ...good, report: report({ numPassedTests: 2, numFailedTests: 1, testResults }), exitCode: 1 }
  expect(summarizeSuite(run)).toMatchObject({
    ...{ line: '2 passed, 1 failed', exitCode: 1 },
    wavering: ['wavering: Error: too late'],
  })
})

test('what was skipped is named only when something was', () => {
  const summary = summarizeSuite({ ...good, report: report({ numPassedTests: 12, numPendingTests: 3 }) })
  expect(summary).toMatchObject({ line: '12 passed, 0 failed, 3 skipped', exitCode: 0 })
})

test.each<[string, Partial<Run>, string]>([
  [
    'a failed test',
    { report: report({ numPassedTests: 12, numFailedTests: 2 }), exitCode: 1 },
    '12 passed, 2 failed',
  ],
  ['a failed check', { failedChecks: ['tsc'] }, '12 passed, 1 failed'],
  [
    'a file that did not load',
    {
      report: report({
        numPassedTests: 12,
        testResults: [{ name: 'a.test.ts', status: 'failed', assertionResults: [] }],
      }),
      exitCode: 1,
    },
    '12 passed, 1 failed',
  ],
  ['an error outside the tests', { exitCode: 1 }, '12 passed, 1 failed'],
  ['a run without a test', { report: report({}) }, '0 passed, 1 failed'],
  [
    'a run in which everything was skipped',
    { report: report({ numPendingTests: 4 }) },
    '0 passed, 1 failed, 4 skipped',
  ],
  ['a run without a report', { report: undefined, exitCode: 1 }, '0 passed, 1 failed'],
])('%s is no success', (_name, change, line) => {
  expect(summarizeSuite({ ...good, ...change })).toMatchObject({ line, exitCode: 1 })
})
