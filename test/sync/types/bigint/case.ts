import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'integers beyond 2^53',
  create: { type: { postgres: 'bigint', mariadb: 'BIGINT' } },
  change: [
    { sql: '9007199254740993', reads: '9007199254740993' },
    { sql: '-9223372036854775808', reads: '-9223372036854775808' },
    { sql: '0', reads: '0' },
  ],
  expect: {},
}
