import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'instants, whatever zone the sessions have',
  create: { type: { postgres: 'timestamptz', mariadb: 'TIMESTAMP(6) NULL' } },
  change: [
    {
      sql: { postgres: "'2024-03-31 02:30:00.123456+05:30'", mariadb: "'2024-03-31 02:30:00.123456'" },
      reads: '2024-03-30 21:00:00.123456',
    },
    {
      sql: { postgres: "'2024-10-27 00:30:00+00'", mariadb: "'2024-10-27 06:00:00'" },
      reads: '2024-10-27 00:30:00.000000',
    },
    { sql: { postgres: "'infinity'" }, reads: 'infinity', unfit: { mariadb: /cannot hold the value/ } },
    {
      sql: { postgres: "'1969-12-31 00:00:00+00'" },
      reads: '1969-12-31 00:00:00.000000',
      unfit: { mariadb: /Incorrect datetime value/ },
    },
  ],
  expect: {
    read: {
      postgres:
        "CASE WHEN isfinite(v) THEN to_char(v AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') ELSE v::text END",
      mariadb: "CAST(CONVERT_TZ(v, @@session.time_zone, '+00:00') AS CHAR)",
    },
    note: 'a TIMESTAMP of MariaDB holds 1970 to 2038; what is outside waits in quarantine',
  },
}
