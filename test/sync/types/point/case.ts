import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'geometries',
  create: { type: { postgres: 'point', mariadb: 'POINT' } },
  change: [
    {
      sql: { postgres: "'(1,2)'", mariadb: 'POINT(1, 2)' },
      reads: { postgres: '(1,2)', mariadb: 'POINT(1 2)' },
    },
  ],
  expect: {
    read: { postgres: 'v::text', mariadb: 'ST_AsText(v)' },
    refused: {
      'postgres → mariadb': /has no counterpart.*drop it with `v: null`/,
      'mariadb → postgres': /has no counterpart/,
    },
  },
}
