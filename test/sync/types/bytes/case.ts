import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'bytes, also NUL and what is no UTF-8',
  create: { type: { postgres: 'bytea', mariadb: 'LONGBLOB' } },
  change: [
    { sql: { postgres: String.raw`'\x00ff5c27fe00'`, mariadb: "X'00FF5C27FE00'" }, reads: '00FF5C27FE00' },
    { sql: { postgres: "''", mariadb: "''" }, reads: '' },
    { sql: { postgres: 'NULL', mariadb: 'NULL' }, reads: null },
  ],
  expect: { read: { postgres: "upper(encode(v, 'hex'))", mariadb: 'HEX(v)' } },
}
