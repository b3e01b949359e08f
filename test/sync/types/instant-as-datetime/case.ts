import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'instants as DATETIME, in UTC',
  create: { type: { postgres: 'timestamptz', mariadb: 'DATETIME(6)' } },
  change: [
    {
      sql: { postgres: "'1815-06-18 11:30:00+00'", mariadb: "'1815-06-18 11:30:00'" },
      reads: '1815-06-18 11:30:00.000000',
    },
    {
      sql: { postgres: "'2024-01-01 05:00:00.5+05'", mariadb: "'2024-01-01 00:00:00.5'" },
      reads: '2024-01-01 00:00:00.500000',
    },
  ],
  expect: {
    read: {
      postgres: "to_char(v AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
      mariadb: 'CAST(v AS CHAR)',
    },
  },
}
