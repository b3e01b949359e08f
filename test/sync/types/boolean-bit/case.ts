import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'BIT(1) as a boolean',
  create: { type: { postgres: 'boolean', mariadb: 'BIT(1)' } },
  change: [
    { sql: { postgres: 'true', mariadb: "b'1'" }, reads: '1' },
    { sql: { postgres: 'false', mariadb: "b'0'" }, reads: '0' },
  ],
  expect: { read: { postgres: 'v::int::text', mariadb: 'CAST(v + 0 AS CHAR)' } },
}
