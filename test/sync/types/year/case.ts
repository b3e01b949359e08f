import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'YEAR, into an integer',
  create: { type: { postgres: 'smallint', mariadb: 'YEAR' } },
  change: [
    { sql: { mariadb: '2024' }, reads: '2024' },
    { sql: { mariadb: '0' }, reads: '0' },
    { sql: { mariadb: '1970' }, reads: '1970' },
  ],
  expect: {
    read: { postgres: 'v::text', mariadb: 'CAST(v + 0 AS CHAR)' },
    refused: { 'postgres → mariadb': /cannot hold every value/ },
  },
}
