import { describeError, StranglerError } from '../core/errors.ts'
import type { GateResult } from '../core/guide-words.ts'
import { printGate } from './show-guide.ts'
import { type Terminal, writeErrorLine } from './terminal.ts'

/** One paragraph for people, one object with `--json`; on standard error both times. */
export function printError(terminal: Terminal, error: unknown, asJson: boolean): void {
  const gates = asJson ? undefined : gatesOf(error)
  if (gates !== undefined) return printGates(terminal, error as StranglerError, gates)
  if (asJson) terminal.stderr.write(`${JSON.stringify(toPlain(error))}\n`)
  else writeErrorLine(terminal, describeError(error))
}

/** As the guide prints them, each with its own mend: in one paragraph nobody finds which mend is whose. */
function printGates(terminal: Terminal, error: StranglerError, gates: readonly GateResult[]): void {
  const [found = ''] = error.message.split(/(?<=\byet\.) /)
  writeErrorLine(terminal, describeError(new StranglerError(error.code, found)))
  for (const gate of gates) printGate({ ...terminal, stdout: terminal.stderr }, gate)
}

function gatesOf(error: unknown): readonly GateResult[] | undefined {
  if (!(error instanceof StranglerError) || error.code !== 'STRANGLER_GATE_CLOSED') return undefined
  const gates = error.details?.['gates']
  return Array.isArray(gates) && gates.length > 0 ? (gates as GateResult[]) : undefined
}

function toPlain(error: unknown): object {
  if (!(error instanceof StranglerError)) return { code: 'STRANGLER_INTERNAL', message: String(error) }
  const { code, message, fix, details } = error
  return { code, message, fix, details }
}
