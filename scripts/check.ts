import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'

/** What is checked without running the code. Every program is in node_modules/.bin, which run.mjs put on the PATH. */
const CHECKS = [
  { name: 'biome', args: ['check', '.'] },
  { name: 'tsc', args: ['-p', '.'] },
  // Its own, for it runs in browsers.
  { name: 'tsc', args: ['-p', 'strangler/dashboard'] },
  { name: 'knip', args: [] },
] as const

/** Runs every check, also after one has failed. @returns the names of those that failed */
export function runChecks(): string[] {
  return CHECKS.filter(({ name, args }) => !passes(name, args)).map(({ name }) => name)
}

function passes(name: string, args: readonly string[]): boolean {
  const begun = Date.now()
  const { status, error } = spawnSync(name, args, { stdio: 'inherit' })
  const passed = status === 0
  const ending = passed ? 'passed' : `failed${error === undefined ? '' : `: ${error.message}`}`
  process.stdout.write(`check: ${name} ${ending} (${((Date.now() - begun) / 1000).toFixed(1)} s)\n`)
  return passed
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const failed = runChecks()
  if (!passes('vitest', ['run', 'test/architecture.test.ts'])) failed.push('architecture')
  process.exitCode = failed.length === 0 ? 0 : 1
}
