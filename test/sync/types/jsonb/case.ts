import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'JSON as a value',
  create: { type: { postgres: 'jsonb', mariadb: 'JSON' } },
  change: [
    {
      sql: `'{"a": 123456789012345678901234567890, "b": [1.10, "🐘"]}'`,
      reads: '{"a": 123456789012345678901234567890, "b": [1.10, "🐘"]}',
    },
    {
      sql: `'{"b":1,  "a":2, "a":3}'`,
      reads: { postgres: '{"a": 3, "b": 1}', mariadb: '{"b":1,  "a":2, "a":3}' },
    },
    {
      sql: { mariadb: String.raw`'{"a": "\\u0000"}'` },
      reads: '{"a": "\\u0000"}',
      unfit: { postgres: /unsupported Unicode escape sequence/ },
    },
  ],
  expect: { note: 'jsonb sorts keys and keeps the last of a doubled one, and that is what comes back' },
}
