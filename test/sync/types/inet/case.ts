import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'addresses',
  create: { type: { postgres: 'inet', mariadb: 'INET6' } },
  change: [
    {
      sql: { postgres: "'10.0.0.1/8'", mariadb: "'::1'" },
      reads: { postgres: '10.0.0.1/8', mariadb: '::1' },
    },
  ],
  expect: {
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
