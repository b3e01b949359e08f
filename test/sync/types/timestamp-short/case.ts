import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'microseconds into a column that keeps none',
  create: { type: { postgres: 'timestamp', mariadb: 'DATETIME' } },
  change: [
    { sql: "'2024-01-01 10:00:00'", reads: '2024-01-01 10:00:00' },
    { sql: "'2024-01-02'", reads: '2024-01-02 00:00:00' },
  ],
  expect: {
    refused: {
      'postgres → mariadb':
        /keeps 0 digits of a second, and would cut the others without a word; make it one with \(6\)/,
    },
  },
}
