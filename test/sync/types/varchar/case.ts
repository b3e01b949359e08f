import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text of a declared length',
  create: { type: { postgres: 'character varying(5)', mariadb: 'VARCHAR(5) CHARACTER SET utf8mb4' } },
  change: [
    { sql: "'🐘🐘🐘🐘🐘'", reads: '🐘🐘🐘🐘🐘' },
    { sql: "'a  '", reads: 'a  ' },
  ],
  expect: {},
}
