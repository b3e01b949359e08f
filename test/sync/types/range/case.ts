import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'ranges',
  create: { type: { postgres: 'int4range', mariadb: 'VARCHAR(40)' } },
  change: [
    { sql: { postgres: "'[1,5)'", mariadb: "'[1,5)'" }, reads: { postgres: '[1,5)', mariadb: '[1,5)' } },
  ],
  expect: {
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
