import { describe, expect, test } from 'vitest'
import { toRehearsal } from '../../strangler/admin/guide/gather-data.ts'
import { canaryLongEnough, errorRate } from '../../strangler/guide/gates/canary-gates.ts'
import { dryRunDone, readsSoaked } from '../../strangler/guide/gates/cutover-gates.ts'
import { noCaller, ownedLongEnough } from '../../strangler/guide/gates/retire-gates.ts'
import type { GuideSnapshot, RetirementEvidence, SoakEvidence } from '../../strangler/guide/snapshot.ts'
import { healthy, NOW } from './stand.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const READ = 'GET /api/inventory/:sku'

const full = (changes: Partial<GuideSnapshot> = {}) => healthy({ step: 'canary', percent: 100 }, changes)
const owned = (changes: Partial<GuideSnapshot> = {}) =>
  healthy({ step: 'soak' }, { owner: 'service', ...changes })

const missed = (because: NonNullable<SoakEvidence['missed']>['because'], requests = 1_204) => ({
  ...{ endpoint: READ, because, requests },
  at: NOW - 2 * MINUTE,
})

describe.each([
  ['reads-soaked', readsSoaked, full],
  ['canary-long-enough', canaryLongEnough, full],
  ['owned-long-enough', ownedLongEnough, owned],
] as const)('%s counts what the service has answered, not the time since the step began', (_id, gate, at) => {
  test('eight days at the step and three seconds of answers are three seconds', () => {
    expect(gate.check(at()).state).toBe('pass')
    const found = gate.check(at({ soak: { soakedMs: 3_000, missing: [] } }))
    expect(found).toMatchObject({ state: 'unknown', evidence: { soakedMs: 3_000 } })
    expect(found.reason).toMatch(/for 3 s/i)
    expect(found.fix).toMatch(/^Wait .* while it has (reads|requests)\.$/)
  })

  test('it does not open while it stands, however long it went before, and says what lets it go on', () => {
    const soak = { soakedMs: 8 * DAY, missing: [READ], missed: missed('STATIC') }
    const found = gate.check(at({ soak, overrides: [READ] }))
    expect(found).toMatchObject({ state: 'unknown', evidence: { missed: 1_204, standsFor: READ } })
    expect(found.reason).toContain('1,204 requests were not answered by the service, the last 2 min ago')
    expect(found.fix).toContain(`\`strangler route clear "${READ}"\``)
    expect(found.fix).toContain('It goes on when the service has answered')
  })

  test('each reason has its mend', () => {
    const fixOf = (because: 'STALE' | 'FALLBACK' | 'STATIC' | 'UNANSWERED', sync: 'running' | 'paused') => {
      const soak = { soakedMs: 0, missing: [READ], missed: missed(because) }
      return gate.check(at({ soak, data: { ...at().data!, sync } })).fix
    }
    expect(fixOf('STALE', 'paused')).toContain('`strangler sync resume inventory`')
    expect(fixOf('STALE', 'running')).toContain('`strangler sync status inventory`')
    expect(fixOf('STATIC', 'running')).toContain('`strangler route list`')
    expect(fixOf('FALLBACK', 'running')).toContain('log of the service')
    expect(fixOf('UNANSWERED', 'running')).toContain('log of the service')
  })

  test('an interruption that is over is told while the time is not full, and then stays in the evidence', () => {
    const short = gate.check(at({ soak: { soakedMs: 3_000, missing: [], missed: missed('STALE', 1) } }))
    expect(short.reason).toContain('1 request was not answered by the service')
    expect(short.reason).toContain('such time does not count')
    const found = gate.check(at({ soak: { soakedMs: 8 * DAY, missing: [], missed: missed('STALE', 1) } }))
    expect(found).toMatchObject({ state: 'pass', evidence: { missed: 1, standsFor: null } })
  })
})

test('an owner that answers with errors stops the soak, and the gate says how many and what is to be done', () => {
  const found = ownedLongEnough.check(
    owned({ soak: { soakedMs: 8 * DAY, missing: [READ], missed: missed('FAILED', 37) } }),
  )
  expect(found.state).toBe('unknown')
  expect(found.reason).toContain(
    `37 requests were not answered by the service, or with an error, the last 2 min ago (${READ}: the service answered with a status of 500 or more)`,
  )
  expect(found.fix).toBe(
    `The log of the service says why it failed. It goes on when the service has answered ${READ} again without an error.`,
  )
})

test('a soak of a day with a handful of reads says nothing; a capability that only writes has none to wait for', () => {
  const few = { ...full().canary!, service: { requests: 3, failures: 0 } }
  expect(readsSoaked.check(full({ canary: few }))).toMatchObject({ state: 'unknown', fix: 'Wait for reads.' })
  const endpoints = [{ endpoint: 'POST /a', requests: 9, rare: false, isWrite: true }]
  const found = readsSoaked.check({ ...full({ endpoints }), soak: { soakedMs: 0, missing: [] } })
  expect(found).toMatchObject({ state: 'pass', reason: 'It has no endpoint that reads.' })
})

describe('a rehearsal', () => {
  const kept = { at: NOW - MINUTE, content: { epoch: 12, predictedPauseMs: 400, identitiesFit: true } }

  test('speaks of the owner that it was made under, and of no later one', () => {
    expect(toRehearsal(kept, 12)).toMatchObject({ dryRun: { predictedPauseMs: 400 }, identitiesFit: true })
    for (const epoch of [31, undefined])
      expect(toRehearsal(kept, epoch)).toEqual({ rehearsedBefore: kept.at })
    // By a kit that did not keep under whom.
    const { epoch: _, ...content } = kept.content
    expect(toRehearsal({ ...kept, content }, 12)).toEqual({ rehearsedBefore: kept.at })
  })

  test('that was made before the ownership went there and back opens nothing, and the gate says why', () => {
    const found = dryRunDone.check(full({ cutover: toRehearsal(kept, 31) }))
    expect(found.state).toBe('unknown')
    expect(found.reason).toBe(
      'Rehearsed 60 s ago, before the owner or the copy changed: that says nothing of now.',
    )
    expect(found.fix).toBe('`strangler migrate inventory cutover --dry-run`')
  })
})

describe('no-caller', () => {
  const caller = {
    ...{ endpoint: READ, because: 'STATIC' as const, address: '10.0.0.7', requests: 12 },
    at: NOW - 2 * MINUTE,
  }
  const asked = (monolith: RetirementEvidence['monolith'], overrides: string[] = []) =>
    noCaller.check(owned({ overrides, retirement: { monolith } }))

  test('names who was seen, what ends that, how long to wait, and the override', () => {
    const { state, reason, fix } = asked(
      {
        requests: 12,
        lastAt: NOW - 2 * MINUTE,
        callers: [caller, { ...caller, because: 'OVERRIDE', requests: 1 }],
      },
      [READ],
    )
    expect(state).toBe('fail')
    expect(reason).toContain(
      'still answered 12 requests of it, the last 2 min ago. 7 days without one say enough.',
    )
    expect(fix).toContain(`10.0.0.7 (${READ}, 12 requests, sent by its route)`)
    expect(fix).toContain('1 request, told by the header x-strangler-target')
    expect(fix).toContain(`\`strangler route clear "${READ}"\``)
    expect(fix).toContain('Then wait 7 days')
    expect(fix).toContain('`strangler migrate inventory retire --override no-caller --because "…"`')
  })

  test('opens again when nobody has come for as long as the soak lasts', () => {
    const past = { requests: 12, lastAt: NOW - 7 * DAY, callers: [] }
    expect(asked(past)).toMatchObject({ state: 'pass' })
    expect(asked({ ...past, lastAt: NOW - 7 * DAY + MINUTE }).state).toBe('fail')
  })

  test('shows three callers at most', () => {
    const callers = Array.from({ length: 8 }, (_, turn) => ({ ...caller, address: `10.0.0.${turn}` }))
    const { fix } = asked({ requests: 96, lastAt: NOW, callers })
    expect(fix).toContain('10.0.0.2')
    expect(fix).not.toContain('10.0.0.3')
    expect(fix).toContain('and 5 more')
  })
})

describe('what the error rates say', () => {
  const at = (service: [number, number], monolith: [number, number]) =>
    errorRate.check({
      ...healthy({ step: 'canary', percent: 25 }),
      canary: {
        ...healthy().canary!,
        service: { failures: service[0], requests: service[1] },
        monolith: { failures: monolith[0], requests: monolith[1] },
      },
    })

  test('never "at least 0 % more often"', () => {
    for (const failures of [0, 1, 2, 5, 20])
      for (const requests of [20, 50, 60, 1_000])
        expect(at([failures, requests], [1, 900]).reason).not.toMatch(/\b0 % more/)
  })

  test('no more often, perhaps by chance, or for certain', () => {
    expect(at([0, 50], [0, 900])).toMatchObject({ state: 'pass' })
    expect(at([0, 50], [0, 900]).reason).toContain('it does not fail more often')
    expect(at([1, 60], [0, 900])).toMatchObject({ state: 'unknown', fix: expect.stringContaining('chance') })
    expect(at([1, 60], [3, 900]).reason).toContain('that it fails more often may be chance')
    expect(at([200, 1_000], [1, 900])).toMatchObject({ state: 'fail' })
    expect(at([200, 1_000], [1, 900]).reason).toMatch(
      /with 99 % certainty it fails in 1\d(\.\d+)? % more of its requests/,
    )
  })

  test('at 100 % nobody is left to compare with, and no failures of the monolith are claimed', () => {
    expect(at([0, 50], [0, 0]).reason).toContain('the monolith answers none of them')
  })
})
