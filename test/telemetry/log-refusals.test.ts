import { expect, test } from 'vitest'
import { createLog } from '../../strangler/telemetry/log.ts'
import { logRefusals } from '../../strangler/telemetry/log-refusals.ts'

const REFUSED = { port: 'proxy', address: '10.0.0.7', status: 431, error: 'HPE_HEADER_OVERFLOW' } as const

test('refused connections are logged one by one, a flood of them is bounded, and the next line says how many were left out', () => {
  const lines: Record<string, unknown>[] = []
  let now = 0
  const log = createLog({ destination: { write: (line) => void lines.push(JSON.parse(line)) } })
  const refuse = logRefusals(log, () => now)
  refuse(REFUSED)
  expect(lines).toMatchObject([{ ...REFUSED, level: 40, msg: 'a connection was refused' }])
  for (let i = 0; i < 5_000; i++) refuse(REFUSED)
  expect(lines).toHaveLength(20)
  now += 10_000
  refuse(REFUSED)
  refuse(REFUSED)
  expect(lines).toHaveLength(22)
  expect(lines[20]).toMatchObject({ leftOut: 4_981 })
  expect(lines[21]).not.toHaveProperty('leftOut')
})
