import { findProgram, serverPath } from '../../strangler/infra/find-program.ts'

/** The optional programs, and the names under which systems install them. */
const NAMES = {
  redis: ['redis-server', 'valkey-server'],
  mariadb: ['mariadbd', 'mysqld'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  nginx: ['nginx'],
  wrk: ['wrk'],
  zsh: ['zsh'],
} as const

const missing = new Set<keyof typeof NAMES>()

/** For the title of a part that needs a program: nothing where it is there, and otherwise why the part is skipped. */
export const sayMissing = (name: keyof typeof NAMES): string =>
  missing.has(name) ? ` (skipped: ${NAMES[name][0]} is not on this machine)` : ''

/**
 * Looks for a program that a part of the suite needs. Undefined means: skip that part (`test.skipIf(nginx === undefined)`)
 * with a name that says what is missing (`sayMissing`).
 * @throws Error when it is absent and STRANGLER_REQUIRE (a list with commas, set by `.ci/run`) says that it must not be
 */
export async function requireProgram(name: keyof typeof NAMES): Promise<{ path: string } | undefined> {
  const path = await findProgram(NAMES[name], serverPath())
  if (path !== undefined) return { path }
  const required = (process.env['STRANGLER_REQUIRE'] ?? '').split(',').map((entry) => entry.trim())
  if (required.includes(name)) {
    throw new Error(`${name} is not on the PATH, and STRANGLER_REQUIRE says that its tests must run.`)
  }
  missing.add(name)
  process.stderr.write(`Skipped: ${name} is not on this machine (looked for ${NAMES[name].join(', ')}).\n`)
  return undefined
}
