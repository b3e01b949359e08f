import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'unsigned integers, into a numeric where PostgreSQL has no type so long',
  create: { type: { postgres: 'numeric(20,0)', mariadb: 'BIGINT UNSIGNED' } },
  change: [
    { sql: '18446744073709551615', reads: '18446744073709551615' },
    { sql: '9223372036854775809', reads: '9223372036854775809' },
    { sql: '0', reads: '0' },
  ],
  expect: { refused: { 'postgres → mariadb': /make it numeric/ } },
}
