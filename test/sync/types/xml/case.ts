import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'XML',
  create: { type: { postgres: 'xml', mariadb: 'LONGTEXT' } },
  change: [
    {
      sql: { postgres: "'<a>ü</a>'", mariadb: "'<a>ü</a>'" },
      reads: { postgres: '<a>ü</a>', mariadb: '<a>ü</a>' },
    },
  ],
  expect: {
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
