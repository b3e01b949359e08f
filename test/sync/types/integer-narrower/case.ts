import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a long integer into a short one',
  create: { type: { postgres: 'bigint', mariadb: 'INT' } },
  change: [
    { sql: '1', reads: '1' },
    { sql: '2', reads: '2' },
  ],
  expect: { refused: { 'postgres → mariadb': /make it an integer from -9223372036854775808/ } },
}
