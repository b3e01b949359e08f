import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'bits of one length',
  create: { type: { postgres: 'bit(64)', mariadb: 'BIT(64)' } },
  change: [
    {
      sql: { postgres: `B'1${'0'.repeat(62)}1'`, mariadb: `b'1${'0'.repeat(62)}1'` },
      reads: `1${'0'.repeat(62)}1`,
    },
    { sql: { postgres: '0::bit(64)', mariadb: "b'0'" }, reads: '0'.repeat(64) },
  ],
  expect: { read: { postgres: 'v::text', mariadb: "LPAD(BIN(v + 0), 64, '0')" } },
}
