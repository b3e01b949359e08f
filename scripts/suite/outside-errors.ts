import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** What fails a run and is no test's: vitest's JSON report has no place for it. */
export interface OutsideError {
  /** The test file in whose process it happened; none if it belongs to the whole run. */
  readonly file?: string
  readonly message: string
}

/** Names the file, a line of JSON per error, that the run's reporters append to. */
export const OUTSIDE_ERRORS_FILE = 'STRANGLER_OUTSIDE_ERRORS'

/** Does nothing where nobody asks, as under a vitest that was started by hand. */
export function noteOutsideError(error: OutsideError): void {
  const path = process.env[OUTSIDE_ERRORS_FILE]
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(error)}\n`)
}

/** @returns nothing where no reporter had to write */
export async function readOutsideErrors(path: string): Promise<OutsideError[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** A reporter of vitest: writes down what no test caught. */
export default class OutsideErrorsReporter implements Reporter {
  onTestRunEnd(_modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    for (const error of errors) {
      const file = error['VITEST_TEST_PATH']
      const message = String(error.message).split('\n')[0] ?? ''
      noteOutsideError(typeof file === 'string' ? { file, message } : { message })
    }
  }
}
