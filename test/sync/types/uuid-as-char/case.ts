import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'UUIDs as CHAR(36)',
  create: { type: { postgres: 'uuid', mariadb: 'CHAR(36)' } },
  change: [
    {
      sql: "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
      reads: {
        postgres: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        mariadb: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
      },
    },
    { sql: "'00000000-0000-0000-0000-000000000001'", reads: '00000000-0000-0000-0000-000000000001' },
    {
      sql: { mariadb: "'no uuid'" },
      reads: 'no uuid',
      unfit: { postgres: /invalid input syntax for type uuid/ },
    },
  ],
  expect: { note: 'comes back from PostgreSQL in lower case' },
}
