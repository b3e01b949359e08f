import { expect, test } from 'vitest'
import type { OutsideError } from '../../../scripts/suite/outside-errors.ts'
import { type SuiteReport, summarizeSuite } from '../../../scripts/suite/summarize-suite.ts'

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
  outside: OutsideError[]
}
const good: Run = { failedChecks: [], report: report({ numPassedTests: 12 }), exitCode: 0, outside: [] }

test('all passed: the line is exactly that', () => {
  expect(summarizeSuite(good)).toEqual({ line: '12 passed, 0 failed', exitCode: 0, notes: [] })
})

test('every failed test is named once more at the end, with the first line of its reason', () => {
  const assertionResults = [
    { fullName: 'steady', status: 'passed', failureMessages: [] },
    { fullName: 'broken', status: 'failed', failureMessages: ['Error: wrong\n  at x'] },
  ]
  const testResults = [{ name: 'a.test.ts', status: 'failed', assertionResults }]
  const run = { ...good, report: report({ numPassedTests: 1, numFailedTests: 1, testResults }), exitCode: 1 }
  expect(summarizeSuite(run)).toMatchObject({
    ...{ line: '1 passed, 1 failed', exitCode: 1 },
    notes: ['Failed: a.test.ts: broken: Error: wrong'],
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
  [
    'an error outside the tests that a reporter wrote down',
    { exitCode: 1, outside: [{ file: 'a.test.ts', message: 'gone' }] },
    '12 passed, 1 failed',
  ],
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
