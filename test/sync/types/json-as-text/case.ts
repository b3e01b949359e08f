import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'JSON in a text without a check',
  create: { type: { postgres: 'jsonb', mariadb: 'LONGTEXT' } },
  change: [
    { sql: `'{"a": 1}'`, reads: '{"a": 1}' },
    { sql: `'[]'`, reads: '[]' },
  ],
  expect: {},
}
