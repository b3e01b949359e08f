import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text as key under a collation that takes a for A',
  create: {
    type: { postgres: 'text', mariadb: 'VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci' },
    isKey: true,
  },
  change: [
    { sql: "'a'", reads: 'a' },
    { sql: "'B'", reads: 'B' },
  ],
  expect: {
    refused: {
      'postgres → mariadb':
        /has the collation utf8mb4_general_ci, under which different texts of the monolith are equal; give it one that ends in _bin/,
    },
  },
}
