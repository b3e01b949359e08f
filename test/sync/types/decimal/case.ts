import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'decimals of 65 digits, with zeros at the end',
  create: { type: { postgres: 'numeric(65,30)', mariadb: 'DECIMAL(65,30)' } },
  change: [
    { sql: `'${'9'.repeat(35)}.${'9'.repeat(30)}'`, reads: `${'9'.repeat(35)}.${'9'.repeat(30)}` },
    { sql: "'-0.000000000000000000000000000001'", reads: '-0.000000000000000000000000000001' },
    { sql: "'1.50'", reads: `1.5${'0'.repeat(29)}` },
    { sql: "'100'", reads: `100.${'0'.repeat(30)}` },
    {
      sql: { postgres: "'NaN'" },
      reads: 'NaN',
      unfit: { mariadb: /cannot hold the value: MariaDB would not read its text/ },
    },
  ],
  expect: { note: 'NaN only between two PostgreSQL' },
}
