import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'intervals, which MariaDB has not',
  create: { type: { postgres: 'interval', mariadb: 'VARCHAR(80)' } },
  change: [
    {
      sql: { postgres: "'1 year 2 mons -3 days 04:05:06.000007'", mariadb: "'a'" },
      reads: { postgres: '1 year 2 mons -3 days +04:05:06.000007', mariadb: 'a' },
    },
    { sql: { postgres: "'00:00:01'", mariadb: "'b'" }, reads: { postgres: '00:00:01', mariadb: 'b' } },
  ],
  expect: {
    refused: { 'postgres → mariadb': /has no counterpart/, 'mariadb → postgres': /has no counterpart/ },
  },
}
