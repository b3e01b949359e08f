import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'CHAR, whose padding is no part of the value',
  create: { type: { postgres: 'character(5)', mariadb: 'CHAR(5)' } },
  change: [
    { sql: "'ab'", reads: 'ab' },
    { sql: "'abcde'", reads: 'abcde' },
    { sql: "''", reads: '' },
  ],
  expect: {},
}
