import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'dates',
  create: { type: { postgres: 'date', mariadb: 'DATE' } },
  change: [
    { sql: "'2024-02-29'", reads: '2024-02-29' },
    { sql: "'9999-12-31'", reads: '9999-12-31' },
    { sql: { mariadb: "'0000-00-00'" }, reads: '0000-00-00', unfit: { postgres: /out of range/ } },
    { sql: { mariadb: "'2024-00-00'" }, reads: '2024-00-00', unfit: { postgres: /out of range/ } },
    { sql: { postgres: "'infinity'" }, reads: 'infinity', unfit: { mariadb: /cannot hold the value/ } },
    {
      sql: { postgres: "'0044-03-15 BC'" },
      reads: '0044-03-15 BC',
      unfit: { mariadb: /cannot hold the value/ },
    },
    { sql: { postgres: "'12345-06-07'" }, reads: '12345-06-07', unfit: { mariadb: /cannot hold the value/ } },
  ],
  expect: {
    note: 'zero dates only between two MariaDBs; infinity, years before 1 and after 9999 only between two PostgreSQL',
  },
}
