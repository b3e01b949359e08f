import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a decimal into one with fewer decimals, which both databases would round without a word',
  create: { type: { postgres: 'numeric(12,4)', mariadb: 'DECIMAL(12,2)' } },
  change: [
    { sql: '1.25', reads: '1.25' },
    { sql: '7', reads: '7.00' },
  ],
  expect: {
    read: { postgres: 'round(v, 2)::text', mariadb: 'CAST(v AS CHAR)' },
    refused: {
      'postgres → mariadb': /make it numeric\(14,4\)/,
      'mariadb → postgres': /make it numeric\(14,4\)/,
    },
  },
}
