import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text of a declared length into a shorter one',
  create: { type: { postgres: 'character varying(40)', mariadb: 'VARCHAR(20)' } },
  change: [
    { sql: "'a'", reads: 'a' },
    { sql: "'b'", reads: 'b' },
  ],
  expect: { refused: { 'postgres → mariadb': /make it a varchar\(40\)/ } },
}
