import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a TINYINT(1) that is a number',
  create: { type: { postgres: 'smallint', mariadb: 'TINYINT(1)' } },
  change: [
    { sql: '-128', reads: '-128' },
    { sql: '2', reads: '2' },
  ],
  expect: { refused: { 'postgres → mariadb': /cannot hold every value/ } },
}
