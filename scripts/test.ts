import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDashboard } from './build-dashboard.ts'
import { runChecks } from './check.ts'
import { type SuiteReport, summarizeSuite } from './summarize-suite.ts'

/**
 * `npm test [-- <vitest's arguments>]`: the checks, then the tests. The last line is `N passed, N failed`; a check counts
 * as one test that fails.
 */
async function testAll(args: readonly string[]): Promise<number> {
  const failedChecks = runChecks()
  // A page that cannot be built fails the tests that open it.
  await buildDashboard().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
  const suite = await runVitest(args)
  const { line, exitCode, notes, wavering } = summarizeSuite({ failedChecks, ...suite })
  for (const test of wavering) process.stdout.write(`Passed at the second attempt only: ${test}\n`)
  for (const note of notes) process.stdout.write(`${note}\n`)
  process.stdout.write(`${line}\n`)
  return exitCode
}

async function runVitest(
  args: readonly string[],
): Promise<{ report: SuiteReport | undefined; exitCode: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-report-'))
  const outputFile = join(folder, 'report.json')
  try {
    const reporters = ['default', 'json', './test/conformance/report/reporter.ts'].map(
      (name) => `--reporter=${name}`,
    )
    const child = spawn('vitest', ['run', ...reporters, `--outputFile.json=${outputFile}`, ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    // A terminal sends Ctrl-C to vitest as well, which ends by itself; we stay to report and to tidy up.
    process.on('SIGINT', () => undefined)
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    const [code] = (await once(child, 'exit')) as [number | null]
    const text = await readFile(outputFile, 'utf8').catch(() => undefined)
    return { report: text === undefined ? undefined : JSON.parse(text), exitCode: code ?? 1 }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = await testAll(process.argv.slice(2))
