import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'JSON as its text, with large numbers, doubled keys and their order',
  create: { type: { postgres: 'json', mariadb: 'JSON' } },
  change: [
    {
      sql: `'{"b": 12345678901234567890.10, "a": "😀", "b": [1e2, null]}'`,
      reads: '{"b": 12345678901234567890.10, "a": "😀", "b": [1e2, null]}',
    },
    { sql: "'null'", reads: 'null' },
    { sql: 'NULL', reads: null },
  ],
  expect: { note: 'compared as a value: the order of keys, spaces and 1.0 against 1 are no difference' },
}
