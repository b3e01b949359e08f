import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'floats of eight bytes, each read back as the same',
  create: { type: { postgres: 'double precision', mariadb: 'DOUBLE' } },
  change: [
    {
      sql: { postgres: '0.1::float8 + 0.2::float8', mariadb: '0.1e0 + 0.2e0' },
      reads: '0.30000000000000004',
    },
    { sql: { postgres: "'5e-324'::float8", mariadb: '5e-324' }, reads: '5e-324' },
    {
      sql: { postgres: "'123456789.12345679'::float8", mariadb: '123456789.12345679e0' },
      reads: '123456789.12345679',
    },
    { sql: { postgres: "'NaN'" }, reads: 'NaN', unfit: { mariadb: /cannot hold the value/ } },
    { sql: { postgres: "'-Infinity'" }, reads: '-Infinity', unfit: { mariadb: /cannot hold the value/ } },
  ],
  expect: { note: 'NaN and Infinity only between two PostgreSQL' },
}
