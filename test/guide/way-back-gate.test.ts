import { expect, test } from 'vitest'
import type { TriedTable } from '../../strangler/core/sync-words.ts'
import { reversePathProven } from '../../strangler/guide/gates/way-back-gate.ts'
import type { GuideSnapshot } from '../../strangler/guide/snapshot.ts'
import { healthy, NOW } from './stand.ts'

const AT_100 = { step: 'canary', percent: 100 } as const
const STOCK: TriedTable = { table: 'stock', outcome: 'came-back', column: 'on_hand' }
const HOUR = 3_600_000

function ask(tables: readonly TriedTable[], changes: Partial<GuideSnapshot> & { at?: number } = {}) {
  const { at = NOW - HOUR, ...rest } = changes
  const builds = { monolith: 'monolith-1', service: 'stock-4' }
  const good = healthy(AT_100)
  const snapshot = { ...good, cutover: { ...good.cutover, wayBack: { at, tables, builds } }, ...rest }
  return reversePathProven.check(snapshot)
}

test('rows that came back open it, and it says of how many tables and how long ago', () => {
  const empty: TriedTable = { table: 'transfers', outcome: 'empty' }
  expect(ask([STOCK, { ...STOCK, table: 'movements' }, empty])).toMatchObject({
    state: 'pass',
    reason:
      '60 min ago a row of each of 2 tables was changed at the service and came back the same; 1 has no row yet.',
    evidence: { tables: 3, cameBack: 2, empty: 1 },
  })
})

test('one row that did not is a failure, with the table and the database’s own reason', () => {
  const refused: TriedTable = { table: 'movements', outcome: 'refused', because: 'value too long' }
  const gate = ask([STOCK, refused])
  expect(gate.state).toBe('fail')
  expect(gate.reason).toContain('movements did not come back from the service: value too long')
})

test.each<[string, readonly TriedTable[], Parameters<typeof ask>[1], string]>([
  ['a table that somebody held locked', [STOCK, { table: 'a', outcome: 'busy' }], {}, 'locks of a'],
  ['tables without a row', [{ table: 'a', outcome: 'empty' }], {}, 'No table has a row'],
  ['a trial of the day before yesterday', [STOCK], { at: NOW - 48 * HOUR }, 'too long ago'],
  [
    'another build since',
    [STOCK],
    { basis: { monolithBuild: 'monolith-1', serviceBuild: 'stock-5', fingerprint: 'f' } },
    'another build answers',
  ],
])('%s proves nothing, and fails nothing', (_what, tables, changes, said) => {
  expect(ask(tables, changes)).toMatchObject({ state: 'unknown', reason: expect.stringContaining(said) })
})

test('the same builds as then are good', () => {
  const basis = { monolithBuild: 'monolith-1', serviceBuild: 'stock-4', fingerprint: 'another rule' }
  expect(ask([STOCK], { basis }).state).toBe('pass')
})
