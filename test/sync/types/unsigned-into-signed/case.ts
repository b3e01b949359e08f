import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'an unsigned integer into a signed one of the same length',
  create: { type: { postgres: 'bigint', mariadb: 'BIGINT UNSIGNED' } },
  change: [
    { sql: '1', reads: '1' },
    { sql: '2', reads: '2' },
  ],
  expect: {
    refused: {
      'mariadb → postgres': /or a numeric\(20\)/,
      'postgres → mariadb': /cannot hold every value/,
    },
  },
}
