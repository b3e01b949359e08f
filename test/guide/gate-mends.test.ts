import { expect, test } from 'vitest'
import { lagLow } from '../../strangler/guide/gates/lag-gate.ts'
import { noStatement } from '../../strangler/guide/gates/statement-gate.ts'
import type { DataEvidence, GuideSnapshot, RetirementEvidence } from '../../strangler/guide/snapshot.ts'
import { healthy, NOW } from './stand.ts'

const DAY = 86_400_000
const shadowed = healthy({ step: 'shadow' })

/** A lag of which nothing is known, and what else there is to say. */
function lagOf(changes: Partial<DataEvidence> | undefined) {
  if (changes === undefined) {
    const { data: _, ...none } = shadowed
    return lagLow.check(none)
  }
  const { lagP99Ms: _, ...unknown } = shadowed.data!
  return lagLow.check({ ...shadowed, data: { ...unknown, lagWatchedMs: 0, ...changes } })
}

test.each([
  ['databases that do not answer', undefined, 'do not answer', '`strangler doctor inventory`'],
  ['no sync', { sync: 'none' }, 'is not synced', '`strangler sync install inventory`'],
  ['a paused sync', { sync: 'paused' }, 'is paused', '`strangler sync resume inventory`'],
  [
    'a broken sync',
    { broken: 'a trigger is gone' },
    'a trigger is gone',
    '`strangler sync status inventory`',
  ],
  ['a sync that nobody runs', {}, 'says a word', '`strangler start --role sync`'],
] as const)('lag-low, %s: what it is, and what mends that', (_what, changes, reason, fix) => {
  const found = lagOf(changes)
  expect(found.state).toBe('unknown')
  expect(found.reason).toContain(reason)
  expect(found.fix).toContain(fix)
})

test('lag-low names whose copy it is, and says that a slow spell counts for as long as the window', () => {
  const slow = lagLow.check({ ...shadowed, data: { ...shadowed.data!, lagP99Ms: 4_000 } })
  expect(slow).toMatchObject({ state: 'fail' })
  expect(slow.reason).toContain("the service's copy was at most 4 s behind, over 10 min; 2 s is the limit")
  expect(slow.fix).toContain('A slow spell counts until it is 10 min old.')
  const back = { ...shadowed, data: { ...shadowed.data!, direction: 'reverse' as const } }
  expect(lagLow.check(back).reason).toContain("the monolith's copy")
})

const owned = healthy({ step: 'soak' }, { owner: 'service' })
const statement = (retirement: Partial<RetirementEvidence>, changes: Partial<GuideSnapshot> = {}) =>
  noStatement.check({
    ...owned,
    retirement: { monolith: { requests: 0, callers: [] }, ...retirement },
    ...changes,
  })
const QUIET = { at: NOW - 1_000, quietMs: DAY }
const FOUND = {
  count: 12,
  firstAt: NOW - 9_000,
  lastAt: NOW - 1_000,
  tables: ['stock'],
  by: ['report (shop)'],
}
const SILENT = { silentFrom: NOW - DAY }
const OVERRIDE = '`strangler migrate inventory retire --override no-statement --because "…"`'

test.each([
  ['the monolith owns', {}, { owner: 'monolith' as const }, 'owns the tables', 'inventory cutover`'],
  ['the soak has not begun', {}, {}, 'until it has soaked', '`strangler migrate inventory next`'],
  [
    'it soaks',
    { silentFrom: NOW + 2 * DAY },
    {},
    'That ends in 2 days',
    'Wait 2 days, and then 7 days more without a read.',
  ],
  ['nobody has looked yet', SILENT, {}, 'not counted yet', '`strangler sync status inventory`'],
  [
    'nobody looks any more',
    { ...SILENT, reads: { ...QUIET, at: NOW - 3_600_000 } },
    {},
    'counted 60 min ago, and not since',
    '`strangler sync status inventory`',
  ],
  [
    'the database does not tell',
    { ...SILENT, reads: { ...QUIET, blind: { because: 'x is off', mend: 'Switch it on' } } },
    {},
    'x is off',
    `Switch it on; then wait 7 days. Or, if you know it otherwise: ${OVERRIDE}`,
  ],
  ['it was quiet too shortly', { ...SILENT, reads: QUIET }, {}, '7 days say enough', 'Wait 6 days'],
] as const)(
  'no-statement, %s: what it is, and what mends that',
  (_what, retirement, changes, reason, fix) => {
    const found = statement(retirement, changes)
    expect(found.state).toBe('unknown')
    expect(found.reason).toContain(reason)
    expect(found.fix).toContain(fix)
  },
)

test('no-statement names the program that reads, or where to find it, and when it opens', () => {
  const found = statement({ ...SILENT, reads: { ...QUIET, quietMs: 6 * DAY, found: FOUND } })
  expect(found.state).toBe('fail')
  expect(found.fix).toContain(
    'Move report (shop) to the endpoints. It opens in 24 h when nobody reads them meanwhile',
  )
  expect(found.fix).toContain(OVERRIDE)
  const nameless = statement({ ...SILENT, reads: { ...QUIET, quietMs: 1_000, found: { ...FOUND, by: [] } } })
  expect(nameless.fix).toContain("in the log of the monolith's database")
})
