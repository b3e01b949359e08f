import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readOutcomes } from '../test/conformance/report/outcomes-file.ts'
import { findUndeclared } from '../test/conformance/report/undeclared.ts'

/**
 * Whether docs/reference/conformance.md speaks of the very checks that the tests declare. The suite compares their outcomes when it has
 * run; that a check is new or gone needs no run, and is told in seconds.
 */
export async function checkConformance(): Promise<string[]> {
  const found = findUndeclared(await readOutcomes(), listTests())
  return found.map(({ row, subject, check, was }) =>
    was === 'absent'
      ? `row ${row}, ${subject}: "${check}" is declared, and the page does not have it`
      : `row ${row}, ${subject}: "${check}" stands in the page, and no test declares it`,
  )
}

/** The names of all conformance tests; no server is started for it. */
function listTests(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-list-'))
  const file = join(folder, 'tests.json')
  try {
    // Subjects that a caller leaves out are declared all the same; and a list of tests needs no PostgreSQL.
    const { CONFORMANCE_SUBJECTS: _, ...env } = process.env
    const { status, stdout, stderr, error } = spawnSync(
      'vitest',
      ['list', '--no-staticParse', `--json=${file}`, 'test/conformance/row-'],
      { encoding: 'utf8', env: { ...env, STRANGLER_TEST_PG_URL: 'postgres://127.0.0.1/none' } },
    )
    if (status !== 0)
      throw new Error(`The conformance tests cannot be listed: ${error?.message ?? stdout + stderr}`)
    return (JSON.parse(readFileSync(file, 'utf8')) as { name: string }[]).map(({ name }) => name)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = await checkConformance()
  for (const line of found) process.stderr.write(`${line}\n`)
  if (found.length > 0)
    process.stderr.write('docs/reference/conformance.md is stale: `npm run conformance` writes it anew.\n')
  process.exitCode = found.length === 0 ? 0 : 1
}
