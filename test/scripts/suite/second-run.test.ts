import { expect, test } from 'vitest'
import type { OutsideError } from '../../../scripts/suite/outside-errors.ts'
import { filesToRunAgain, mergeRuns, type SuiteRun } from '../../../scripts/suite/second-run.ts'
import { summarizeSuite } from '../../../scripts/suite/summarize-suite.ts'

type Tests = Record<string, 'passed' | 'failed' | 'skipped'>

/** A run of `files`, each with its tests and how they ended. */
function runOf(files: Record<string, Tests>, outside: OutsideError[] = []): SuiteRun {
  const testResults = Object.entries(files).map(([name, tests]) => ({
    name,
    status: Object.values(tests).includes('failed') || Object.keys(tests).length === 0 ? 'failed' : 'passed',
    assertionResults: Object.entries(tests).map(([fullName, status]) => ({
      fullName,
      status,
      failureMessages: status === 'failed' ? ['Error: deadlock detected\n  at x'] : [],
    })),
  }))
  const all = Object.values(files).flatMap((tests) => Object.values(tests))
  const count = (wanted: string) => all.filter((status) => status === wanted).length
  const failed = testResults.some(({ status }) => status === 'failed') || outside.length > 0
  return {
    report: {
      numPassedTests: count('passed'),
      numFailedTests: count('failed'),
      numPendingTests: count('skipped'),
      testResults,
    },
    exitCode: failed ? 1 : 0,
    outside,
  }
}

const summaryOf = (run: SuiteRun) => summarizeSuite({ failedChecks: [], ...run })
const fallen: OutsideError = { file: 'b.test.ts', message: 'connection gone' }

test('files with a failure, that did not load, or in which something fell outside the tests run again', () => {
  const first = runOf(
    { a: { one: 'passed' }, 'b.test.ts': { two: 'passed' }, c: { three: 'failed' }, d: {} },
    [fallen],
  )
  expect(filesToRunAgain(first).sort()).toEqual(['b.test.ts', 'c', 'd'])
})

test.each<[string, SuiteRun]>([
  ['all passed', runOf({ a: { one: 'passed' } })],
  ['there is no report', { report: undefined, exitCode: 1, outside: [] }],
  [
    'something failed that no file can mend',
    runOf({ a: { one: 'failed' } }, [{ message: 'the page differs' }]),
  ],
  [
    'too many files failed for bad luck',
    runOf(Object.fromEntries([...'abcdefg'].map((name) => [name, { one: 'failed' }]))),
  ],
])('nothing runs again where %s', (_name, first) => {
  expect(filesToRunAgain(first)).toEqual([])
})

test('what passes in the second run counts as passed, and is named with what the first one said', () => {
  const first = runOf({ a: { one: 'passed', two: 'skipped' }, b: { three: 'failed', four: 'passed' } })
  const merged = mergeRuns(first, runOf({ b: { three: 'passed', four: 'passed' } }))
  expect(summaryOf(merged)).toMatchObject({ line: '3 passed, 0 failed, 1 skipped', exitCode: 0 })
  expect(merged.wavering).toEqual(['three: Error: deadlock detected'])
})

test.each<[string, SuiteRun, SuiteRun, string]>([
  ['fails again', runOf({ a: { one: 'failed' } }), runOf({ a: { one: 'failed' } }), '0 passed, 1 failed'],
  [
    'passes while another of its file falls',
    runOf({ a: { one: 'failed', two: 'passed' } }),
    runOf({ a: { one: 'passed', two: 'failed' } }),
    '1 passed, 1 failed',
  ],
  [
    'falls outside the tests again',
    runOf({ 'b.test.ts': { one: 'passed' } }, [fallen]),
    runOf({ 'b.test.ts': { one: 'passed' } }, [fallen]),
    '1 passed, 1 failed',
  ],
  [
    'has no second report',
    runOf({ a: { one: 'failed' } }),
    { report: undefined, exitCode: 1, outside: [] },
    '0 passed, 1 failed',
  ],
  ['does not load twice', runOf({ a: { one: 'passed' }, b: {} }), runOf({ b: {} }), '1 passed, 1 failed'],
])('a file that %s stays a failure', (_name, first, second, line) => {
  expect(summaryOf(mergeRuns(first, second))).toMatchObject({ line, exitCode: 1 })
})
