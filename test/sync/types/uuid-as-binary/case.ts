import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'UUIDs as BINARY(16)',
  create: { type: { postgres: 'uuid', mariadb: 'BINARY(16)' } },
  change: [
    {
      sql: {
        postgres: "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        mariadb: "X'A0EEBC999C0B4EF8BB6D6BB9BD380A11'",
      },
      reads: 'A0EEBC999C0B4EF8BB6D6BB9BD380A11',
    },
    {
      sql: {
        postgres: "'00000000-0000-0000-0000-000000000001'",
        mariadb: "X'00000000000000000000000000000001'",
      },
      reads: '00000000000000000000000000000001',
    },
  ],
  expect: { read: { postgres: "upper(replace(v::text, '-', ''))", mariadb: 'HEX(v)' } },
}
