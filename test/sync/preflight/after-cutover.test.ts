import { expect, test } from 'vitest'
import { isPast, sayIn } from '../../../strangler/sync/preflight/after-cutover.ts'
import { FINDINGS, type FindingCode, toFinding } from '../../../strangler/sync/preflight/findings.ts'

const CODES = Object.keys(FINDINGS) as FindingCode[]
const OF_THE_WAY_THERE = /(before|until|after|at) (the|a) cut-over/i

test.each(CODES)('once the service owns, %s advises nothing that had to be done before', (code) => {
  const finding = toFinding(code, { side: 'monolith', reason: 'it was found' })
  for (const { why, mend } of sayIn('reverse', [finding])) {
    expect(why).not.toMatch(OF_THE_WAY_THERE)
    expect(mend).not.toMatch(OF_THE_WAY_THERE)
  }
  expect(sayIn('forward', [finding])).toEqual([finding])
})

test('what was found keeps its place, its severity and its reason; only couplings, writers and cuts are past', () => {
  const findings = CODES.map((code) => toFinding(code, { side: 'monolith', table: 'a', reason: code }))
  const said = sayIn('reverse', findings)
  const past = CODES.filter((code) => isPast(code, 'reverse'))
  expect(past.sort()).toEqual([
    ...['CASCADE_FROM_OUTSIDE', 'CASCADE_TO_OUTSIDE', 'COUPLED_TRANSACTIONS'],
    ...['FOREIGN_KEY_CUT', 'SCHEDULED_JOBS', 'WRITER_UNKNOWN'],
  ])
  expect(said.map(({ code }) => code)).toEqual(CODES.filter((code) => !past.includes(code)))
  for (const finding of said)
    expect(finding).toMatchObject({
      side: 'monolith',
      table: 'a',
      reason: finding.code,
      severity: FINDINGS[finding.code].severity,
    })
  expect(CODES.filter((code) => isPast(code, 'forward'))).toEqual([])
})
