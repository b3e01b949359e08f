import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'times of day with a zone',
  create: { type: { postgres: 'time with time zone', mariadb: 'TIME(6)' } },
  change: [
    {
      sql: { postgres: "'01:02:03+05:30'", mariadb: "'01:02:03'" },
      reads: { postgres: '01:02:03+05:30', mariadb: '01:02:03.000000' },
    },
  ],
  expect: {
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
