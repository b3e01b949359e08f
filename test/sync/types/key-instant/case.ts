import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'an instant as key',
  create: { type: { postgres: 'timestamptz', mariadb: 'DATETIME(6)' }, isKey: true },
  change: [
    {
      sql: { postgres: "'2024-10-27 00:30:00.000001+00'", mariadb: "'2024-10-27 00:30:00.000001'" },
      reads: '2024-10-27 00:30:00.000001',
    },
    {
      sql: { postgres: "'2024-10-27 01:30:00+00'", mariadb: "'2024-10-27 01:30:00'" },
      reads: '2024-10-27 01:30:00.000000',
    },
  ],
  expect: {
    read: {
      postgres: "to_char(k AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
      mariadb: 'CAST(k AS CHAR)',
    },
  },
}
