import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text into a CHAR, which would drop spaces at the end without a word',
  create: { type: { postgres: 'character varying(5)', mariadb: 'CHAR(5)' } },
  change: [
    { sql: "'ab'", reads: 'ab' },
    { sql: "'c'", reads: 'c' },
  ],
  expect: { refused: { 'postgres → mariadb': /drops spaces at the end without a word; make it a varchar/ } },
}
