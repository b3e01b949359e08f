import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a domain over text',
  create: {
    before: { postgres: ["CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%')"] },
    type: { postgres: 'email', mariadb: 'VARCHAR(80) CHARACTER SET utf8mb4' },
  },
  change: [
    { sql: "'A@example.com'", reads: 'A@example.com' },
    { sql: "'b@example.com'", reads: 'b@example.com' },
    {
      sql: { mariadb: "'none'" },
      reads: 'none',
      unfit: { postgres: /violates check constraint "email_check"/ },
    },
  ],
  expect: { note: 'what the domain forbids waits in quarantine' },
}
