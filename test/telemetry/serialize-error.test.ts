import { expect, test } from 'vitest'
import { StranglerError } from '../../strangler/core/errors.ts'
import { createLog } from '../../strangler/telemetry/log.ts'

function logged(error: unknown): { line: string; err: Record<string, unknown> } {
  let line = ''
  const log = createLog({
    destination: {
      write(text) {
        line += text
      },
    },
  })
  log.report('ask', error)
  return { line, err: JSON.parse(line).err }
}

test('a log line has of an error its type, message, code, mend and cause, and nothing that a driver has hung on it', () => {
  const client = { secretKey: 4711, connectionParameters: { password: 'sesame' } }
  const cause = Object.assign(new Error('terminating connection'), { code: '57P01', client })
  const error = new StranglerError('STRANGLER_PORT_IN_USE', 'It is taken.', { fix: 'Take another.', cause })
  const { line, err } = logged(Object.assign(error, { client }))
  expect(err).toMatchObject({
    ...{
      type: 'StranglerError',
      message: 'It is taken.',
      code: 'STRANGLER_PORT_IN_USE',
      fix: 'Take another.',
    },
    cause: { message: 'terminating connection', code: '57P01' },
  })
  expect(line).not.toMatch(/secretKey|sesame|4711/)
})

test('an error that is its own cause ends, and what is no error is told as text', () => {
  const error = new Error('round')
  error.cause = error
  expect(logged(error).line.length).toBeLessThan(20_000)
  expect(logged('a text').err).toEqual({ type: 'string', message: 'a text' })
  expect(logged(new AggregateError([new Error('one')], 'all')).err).toMatchObject({
    errors: [{ message: 'one' }],
  })
})
