import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'

/** What is checked without running the code. Every program is in node_modules/.bin, which run.mjs put on the PATH. */
const CHECKS: readonly Check[] = [
  { name: 'biome', args: ['check', '.'] },
  { name: 'tsc', args: ['-p', '.'] },
  // Its own, for it runs in browsers.
  { name: 'tsc', args: ['-p', 'strangler/dashboard'] },
  { name: 'knip', args: [] },
  // What the suite would say of that page after it has run.
  { name: 'node', title: 'conformance page', args: ['scripts/check-conformance.ts'] },
]

interface Check {
  readonly name: string
  /** Where the program's name does not say it. */
  readonly title?: string
  readonly args: readonly string[]
}

/** Runs every check, also after one has failed. @returns the names of those that failed */
export function runChecks(): string[] {
  return CHECKS.filter((check) => !passes(check)).map(({ name, title = name }) => title)
}

function passes({ name, title = name, args }: Check): boolean {
  const begun = Date.now()
  const { status, error } = spawnSync(name, args, { stdio: 'inherit' })
  const passed = status === 0
  const ending = passed ? 'passed' : `failed${error === undefined ? '' : `: ${error.message}`}`
  process.stdout.write(`check: ${title} ${ending} (${((Date.now() - begun) / 1000).toFixed(1)} s)\n`)
  return passed
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const failed = runChecks()
  if (!passes({ name: 'vitest', args: ['run', 'test/architecture.test.ts'] })) failed.push('architecture')
  process.exitCode = failed.length === 0 ? 0 : 1
}
