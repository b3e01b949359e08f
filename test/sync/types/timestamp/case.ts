import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'timestamps without a zone, to the microsecond',
  create: { type: { postgres: 'timestamp', mariadb: 'DATETIME(6)' } },
  change: [
    // An hour that clocks in Berlin do not show.
    { sql: "'2024-03-31 02:30:00.123456'", reads: '2024-03-31 02:30:00.123456' },
    { sql: "'9999-12-31 23:59:59.999999'", reads: '9999-12-31 23:59:59.999999' },
    { sql: { postgres: "'infinity'" }, reads: 'infinity', unfit: { mariadb: /cannot hold the value/ } },
    {
      sql: { mariadb: "'0000-00-00'" },
      reads: '0000-00-00 00:00:00.000000',
      unfit: { postgres: /out of range/ },
    },
  ],
  expect: {
    read: {
      postgres: "CASE WHEN isfinite(v) THEN to_char(v, 'YYYY-MM-DD HH24:MI:SS.US') ELSE v::text END",
      mariadb: 'CAST(v AS CHAR)',
    },
  },
}
