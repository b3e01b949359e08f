import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDashboard } from './build-dashboard.ts'
import { runChecks } from './check.ts'
import { OUTSIDE_ERRORS_FILE, readOutsideErrors } from './suite/outside-errors.ts'
import { filesToRunAgain, mergeRuns, type SuiteRun } from './suite/second-run.ts'
import { summarizeSuite } from './suite/summarize-suite.ts'

/**
 * `npm test [-- <vitest's arguments>]`: the checks, then the tests. The last line is `N passed, N failed`; a check counts
 * as one test that fails. With CI set, where nobody can look and repeat, the few files that failed run once more.
 */
async function testAll(args: readonly string[]): Promise<number> {
  const failedChecks = runChecks()
  // A page that cannot be built fails the tests that open it.
  await buildDashboard().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
  const first = await runVitest(args)
  const again = process.env['CI'] === undefined ? [] : filesToRunAgain(first)
  const { wavering, ...suite } =
    again.length === 0 ? { ...first, wavering: [] } : mergeRuns(first, await runAgain(again))
  const { line, exitCode, notes } = summarizeSuite({ failedChecks, ...suite })
  for (const test of wavering) process.stdout.write(`Passed at the second attempt only: ${test}\n`)
  for (const note of notes) process.stdout.write(`${note}\n`)
  process.stdout.write(`${line}\n`)
  return exitCode
}

function runAgain(files: readonly string[]): Promise<SuiteRun> {
  process.stdout.write(`Once more, each in a new process: ${files.join(', ')}\n`)
  return runVitest([...files, '--maxWorkers=1'])
}

const REPORTERS = [
  'default',
  'json',
  './test/conformance/report/reporter.ts',
  './scripts/suite/outside-errors.ts',
]

async function runVitest(args: readonly string[]): Promise<SuiteRun> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-report-'))
  const outputFile = join(folder, 'report.json')
  const outsideFile = join(folder, 'outside-errors.jsonl')
  try {
    const reporters = REPORTERS.map((name) => `--reporter=${name}`)
    const child = spawn('vitest', ['run', ...reporters, `--outputFile.json=${outputFile}`, ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, [OUTSIDE_ERRORS_FILE]: outsideFile },
    })
    // A terminal sends Ctrl-C to vitest as well, which ends by itself; we stay to report and to tidy up.
    process.on('SIGINT', () => undefined)
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    const [code] = (await once(child, 'exit')) as [number | null]
    const text = await readFile(outputFile, 'utf8').catch(() => undefined)
    const report = text === undefined ? undefined : JSON.parse(text)
    return { report, exitCode: code ?? 1, outside: await readOutsideErrors(outsideFile) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = await testAll(process.argv.slice(2))
