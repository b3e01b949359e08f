import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a numeric without a declared precision',
  create: { type: { postgres: 'numeric', mariadb: 'DECIMAL(65,30)' } },
  change: [
    { sql: "'12.5'", reads: '12.5' },
    { sql: "'-7'", reads: '-7' },
    { sql: { postgres: "'Infinity'" }, reads: 'Infinity', unfit: { mariadb: /cannot hold the value/ } },
    {
      sql: { postgres: "'1e-31'" },
      reads: `0.${'0'.repeat(30)}1`,
      unfit: { mariadb: /rounded to 30 decimals/ },
    },
    { sql: { postgres: "'1e40'" }, reads: `1${'0'.repeat(40)}`, unfit: { mariadb: /Out of range/ } },
  ],
  expect: {
    read: {
      postgres: 'trim_scale(v)::text',
      mariadb: "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(v AS CHAR)))",
    },
    note: 'what has more than 30 decimals, or is Infinity, waits in quarantine where MariaDB cannot hold it: never rounded',
  },
}
