import { describeError, StranglerError } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

/** One paragraph for people, one object with `--json`; on standard error both times. */
export function printError(terminal: Terminal, error: unknown, asJson: boolean): void {
  terminal.stderr.write(`${asJson ? JSON.stringify(toPlain(error)) : describeError(error)}\n`)
}

function toPlain(error: unknown): object {
  if (!(error instanceof StranglerError)) return { code: 'STRANGLER_INTERNAL', message: String(error) }
  const { code, message, fix, details } = error
  return { code, message, fix, details }
}
