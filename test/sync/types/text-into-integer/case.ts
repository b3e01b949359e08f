import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text into a number',
  create: { type: { postgres: 'text', mariadb: 'INT' } },
  change: [{ sql: { postgres: "'7'", mariadb: '7' }, reads: { postgres: '7', mariadb: '7' } }],
  expect: {
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
