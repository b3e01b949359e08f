import type { GateState } from '../../strangler/core/guide-words.ts'
import type { STEPS } from '../../strangler/guide/plan.ts'
import type { GuideSnapshot } from '../../strangler/guide/snapshot.ts'
import { NOW } from './stand.ts'

/** What spoils one gate, and what it must say then. */
type Spoilt = readonly [
  string,
  (typeof STEPS)[number]['id'],
  string,
  (good: GuideSnapshot) => Partial<GuideSnapshot>,
  GateState,
]

const FOUND = {
  count: 3,
  firstAt: NOW - 9_000,
  lastAt: NOW - 1_000,
  tables: ['stock'],
  by: ['report (shop)'],
}

export const SPOILT: readonly Spoilt[] = [
  [
    'a slow proxy',
    'observe',
    'proxy-cost',
    ({ traffic }) => ({ traffic: { ...traffic!, proxyP99Ms: 2.1 } }),
    'fail',
  ],
  [
    'little traffic',
    'observe',
    'enough-traffic',
    () => ({ traffic: { requests: 999, watchedMs: 1, proxyP99Ms: 1 } }),
    'unknown',
  ],
  [
    'no traffic at all for a day',
    'observe',
    'enough-traffic',
    () => ({ traffic: { requests: 0, watchedMs: 1e9, proxyP99Ms: 1 } }),
    'unknown',
  ],
  [
    'an endpoint nobody used',
    'observe',
    'endpoints-seen',
    () => ({ endpoints: [{ endpoint: 'GET /a', requests: 0, rare: false }] }),
    'unknown',
  ],
  ['an endpoint set by hand', 'shadow', 'no-overrides', () => ({ overrides: ['GET /a'] }), 'fail'],
  [
    'a service that breaks the contract',
    'contract',
    'contract-passed',
    ({ contract }) => ({ contract: { ...contract!, verified: { ...contract!.verified!, pass: false } } }),
    'fail',
  ],
  [
    'a build that nobody has checked',
    'contract',
    'contract-passed',
    () => ({ basis: { monolithBuild: 'monolith-1', serviceBuild: 'stock-5', fingerprint: 'f' } }),
    'unknown',
  ],
  ...(
    [
      ['sync', 'mapping-proven'],
      ['cutover', 'reverse-path-proven'],
    ] as const
  ).map(
    ([step, gate]): Spoilt => [
      'a database of the service that the kit may not see',
      step,
      gate,
      ({ data }) => ({ data: { ...data!, unseen: { reason: 'it is not named', mend: 'Name it.' } } }),
      'unknown',
    ],
  ),
  [
    'a finding of the pre-flight',
    'sync',
    'preflight-clean',
    ({ data }) => ({ data: { ...data!, findings: { blocking: 1, first: 'no key' } } }),
    'fail',
  ],
  [
    'a mapping that loses something',
    'sync',
    'mapping-proven',
    ({ data }) => ({ data: { ...data!, mappingProven: false } }),
    'fail',
  ],
  [
    'a backfill under way',
    'shadow',
    'backfill-done',
    ({ data }) => ({ data: { ...data!, backfillDone: false } }),
    'unknown',
  ],
  [
    'a paused sync',
    'shadow',
    'backfill-done',
    ({ data }) => ({ data: { ...data!, sync: 'paused' } }),
    'unknown',
  ],
  [
    'one different row',
    'shadow',
    'verify-clean',
    ({ data }) => ({ data: { ...data!, verify: { at: NOW, compared: 10, diverged: 1, inFlight: 0 } } }),
    'fail',
  ],
  [
    'a row that never rests',
    'shadow',
    'verify-clean',
    ({ data }) => ({ data: { ...data!, verify: { at: NOW, compared: 10, diverged: 0, inFlight: 1 } } }),
    'unknown',
  ],
  [
    'a verify of yesterday',
    'shadow',
    'verify-clean',
    ({ data }) => ({
      data: { ...data!, verify: { at: NOW - 90_000_000, compared: 10, diverged: 0, inFlight: 0 } },
    }),
    'unknown',
  ],
  ['a large lag', 'shadow', 'lag-low', ({ data }) => ({ data: { ...data!, lagP99Ms: 2_000 } }), 'fail'],
  [
    'a lag watched for a moment',
    'shadow',
    'lag-low',
    ({ data }) => ({ data: { ...data!, lagWatchedMs: 5_000 } }),
    'unknown',
  ],
  [
    'a refused row',
    'shadow',
    'quarantine-empty',
    ({ data }) => ({ data: { ...data!, quarantined: 1 } }),
    'fail',
  ],
  [
    'much skipped',
    'canary',
    'coverage',
    ({ comparison }) => ({ comparison: { ...comparison!, compared: 8_000 } }),
    'fail',
  ],
  [
    'too few comparisons',
    'canary',
    'net-mismatch',
    ({ comparison }) => ({ comparison: { ...comparison!, netUpperBound: 0.002, stillNeeded: 1_900 } }),
    'unknown',
  ],
  [
    'real mismatches',
    'canary',
    'net-mismatch',
    ({ comparison }) => ({ comparison: { ...comparison!, netMismatches: 50, netUpperBound: 0.007 } }),
    'fail',
  ],
  [
    'one endpoint compared seldom',
    'canary',
    'enough-comparisons',
    ({ comparison }) => ({
      comparison: { ...comparison!, perEndpoint: [{ endpoint: 'GET /a', compared: 199 }] },
    }),
    'unknown',
  ],
  [
    'an open difference',
    'canary',
    'no-open-difference',
    ({ comparison }) => ({ comparison: { ...comparison!, openDifferences: 1 } }),
    'fail',
  ],
  [
    'an acceptance that has expired',
    'canary',
    'no-open-difference',
    ({ comparison }) => ({ comparison: { ...comparison!, expiredAcceptances: 1 } }),
    'fail',
  ],
  [
    'a slow service',
    'canary',
    'latency',
    ({ comparison }) => ({
      comparison: { ...comparison!, serviceP95Ms: 15, slowAnswers: { count: 600, of: 9_990, limitMs: 15 } },
    }),
    'fail',
  ],
  [
    'a percentage just entered',
    'canary',
    'canary-long-enough',
    ({ canary }) => ({ canary: { ...canary!, sinceMs: 59_000 } }),
    'unknown',
  ],
  [
    'a percentage without requests',
    'canary',
    'canary-long-enough',
    ({ canary }) => ({ canary: { ...canary!, service: { requests: 49, failures: 0 } } }),
    'unknown',
  ],
  [
    'a service that fails 2 %',
    'canary',
    'error-rate',
    ({ canary }) => ({ canary: { ...canary!, service: { requests: 10_000, failures: 200 } } }),
    'fail',
  ],
  [
    'a failure that may be chance',
    'canary',
    'error-rate',
    ({ canary }) => ({ canary: { ...canary!, service: { requests: 60, failures: 1 } } }),
    'unknown',
  ],
  [
    'an old log entry',
    'cutover',
    'log-short',
    ({ data }) => ({ data: { ...data!, logAgeMs: 6_000 } }),
    'fail',
  ],
  [
    'a writer beside the proxy',
    'cutover',
    'writers-moved',
    ({ cutover }) => ({ cutover: { ...cutover!, writersOutside: ['nightly'] } }),
    'fail',
  ],
  [
    'an order that takes stock in its own transaction',
    'cutover',
    'writers-moved',
    ({ cutover }) => ({ cutover: { ...cutover!, couplings: ['orders'] } }),
    'fail',
  ],
  [
    'a rehearsal that failed',
    'cutover',
    'dry-run-done',
    ({ cutover }) => ({ cutover: { ...cutover!, dryRun: { at: NOW, predictedPauseMs: 0, problem: 'x' } } }),
    'fail',
  ],
  [
    'a rehearsal of yesterday',
    'cutover',
    'dry-run-done',
    ({ cutover }) => ({ cutover: { ...cutover!, dryRun: { at: NOW - 90_000_000, predictedPauseMs: 1 } } }),
    'unknown',
  ],
  [
    'numbers without room',
    'cutover',
    'identities-fit',
    ({ cutover }) => ({ cutover: { ...cutover!, identitiesFit: false } }),
    'fail',
  ],
  [
    'a stray write',
    'soak',
    'no-stray-writes',
    ({ data }) => ({ data: { ...data!, strayWrites: 1 } }),
    'fail',
  ],
  [
    'a row that cannot come back',
    'soak',
    'returnable',
    ({ data }) => ({ data: { ...data!, notReturnable: 1 } }),
    'fail',
  ],
  [
    'a caller of the monolith',
    'retire',
    'no-caller',
    ({ retirement }) => ({ retirement: { ...retirement!, monolithRequests: 1 } }),
    'fail',
  ],
  ...(
    [
      ['a read of somebody else', { found: FOUND, quietMs: 1_000 }, 'fail'],
      ['too short a time without one', { quietMs: 1_000 }, 'unknown'],
      ['a database that does not count', { blind: { because: 'x is off', mend: 'Switch it on' } }, 'unknown'],
      ['a count of an hour ago', { at: NOW - 3_600_000 }, 'unknown'],
    ] as const
  ).map(
    ([what, change, state]): Spoilt => [
      what,
      'retire',
      'no-statement',
      ({ retirement }) => ({
        retirement: { ...retirement!, reads: { ...retirement!.reads!, ...change } },
      }),
      state,
    ],
  ),
  [
    'a monolith that is asked for comparisons',
    'retire',
    'no-statement',
    ({ retirement }) => ({ retirement: { ...retirement!, silentFrom: NOW + 1_000 } }),
    'unknown',
  ],
  [
    'a service that has not soaked',
    'retire',
    'no-statement',
    () => ({ retirement: { monolithRequests: 0 } }),
    'unknown',
  ],
]
