import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'booleans, TINYINT(1) in MariaDB',
  create: { type: { postgres: 'boolean', mariadb: 'TINYINT(1)' } },
  change: [
    { sql: 'true', reads: '1' },
    { sql: 'false', reads: '0' },
    { sql: { mariadb: '2' }, reads: '2', unfit: { postgres: /invalid input syntax for type boolean/ } },
  ],
  expect: {
    read: { postgres: 'v::int::text', mariadb: 'CAST(v AS CHAR)' },
    note: 'a TINYINT(1) that is neither 0 nor 1 waits in quarantine; into a PostgreSQL integer it is a number',
  },
}
