import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'money, whose decimals are the server’s setting',
  create: { type: { postgres: 'money', mariadb: 'DECIMAL(19,2)' } },
  change: [
    { sql: { postgres: "'12.50'", mariadb: '12.50' }, reads: { postgres: '$12.50', mariadb: '12.50' } },
  ],
  expect: {
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
