import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'ZEROFILL, whose zeros are no part of the value',
  create: { type: { postgres: 'bigint', mariadb: 'INT(6) ZEROFILL' } },
  change: [
    { sql: '42', reads: '42' },
    { sql: '0', reads: '0' },
  ],
  expect: {
    read: { postgres: 'v::text', mariadb: 'CAST(v + 0 AS CHAR)' },
    refused: { 'postgres → mariadb': /cannot hold every value/ },
  },
}
