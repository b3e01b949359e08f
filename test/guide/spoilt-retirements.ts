import type { Spoilt } from './spoilt-snapshots.ts'
import { NOW } from './stand.ts'

const FOUND = {
  count: 3,
  firstAt: NOW - 9_000,
  lastAt: NOW - 1_000,
  tables: ['stock'],
  by: ['report (shop)'],
}

/** What spoils the gates before retiring. */
export const SPOILT_RETIREMENTS: readonly Spoilt[] = [
  [
    'a caller of the monolith',
    'retire',
    'no-caller',
    ({ retirement }) => ({
      retirement: { ...retirement!, monolith: { requests: 1, lastAt: NOW - 1_000, callers: [] } },
    }),
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
    () => ({ retirement: { monolith: { requests: 0, callers: [] } } }),
    'unknown',
  ],
]
