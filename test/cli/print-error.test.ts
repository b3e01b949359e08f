import { expect, test } from 'vitest'
import { gateClosed } from '../../strangler/admin/guide/refuse-step.ts'
import { printError } from '../../strangler/cli/print-error.ts'
import type { Terminal } from '../../strangler/cli/terminal.ts'
import { StranglerError } from '../../strangler/core/errors.ts'
import { runMain } from './run-strangler.ts'

function printed(error: unknown, asJson = false): string {
  let text = ''
  const add = (more: string) => {
    text += more
  }
  const stderr = { write: add, isTTY: false }
  const stdout = { ...stderr, columns: 100 }
  printError({ stderr, stdout, env: {} } as unknown as Terminal, error, asJson)
  return text
}

const shut = [
  { id: 'coverage', state: 'unknown', reason: 'Nothing yet.', evidence: {}, fix: 'Wait.' },
  { id: 'latency', state: 'fail', reason: 'It is slow.', evidence: {}, fix: 'Make it faster.' },
] as const

test('gates that are closed are printed as the guide prints them: each with its own mend', () => {
  const lines = printed(gateClosed('books', { step: 'canary' }, shut))
    .trimEnd()
    .split('\n')
  expect(lines).toEqual([
    expect.stringMatching(/^STRANGLER_GATE_CLOSED: .*books cannot enter the step canary yet\. \(docs/),
    ...['  ? coverage: Nothing yet.', '      → Wait.'],
    ...['  ✗ latency: It is slow.', '      → Make it faster.'],
  ])
})

test('with --json it stays one object, and every other error one line', () => {
  const json = JSON.parse(printed(gateClosed('books', { step: 'canary' }, shut), true))
  expect(json).toMatchObject({ code: 'STRANGLER_GATE_CLOSED', details: { gates: shut } })
  expect(
    printed(new StranglerError('STRANGLER_FORBIDDEN', 'No.', {}))
      .trimEnd()
      .split('\n'),
  ).toHaveLength(1)
})

test('`help` of a command in a group shows that command’s help', async () => {
  const [long, short] = [
    await runMain(['help', 'route', 'set'], {}),
    await runMain(['route', 'set', '--help'], {}),
  ]
  expect(long.code).toBe(0)
  expect(long.stdout).toContain('canary=PERCENT')
  expect(long.stdout).toBe(short.stdout)
})
