import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'bits into another number of bits',
  create: { type: { postgres: 'bit varying(8)', mariadb: 'BIT(8)' } },
  change: [
    { sql: { postgres: "B'101'", mariadb: "b'101'" }, reads: '101' },
    { sql: { postgres: "B'1'", mariadb: "b'1'" }, reads: '1' },
  ],
  expect: {
    read: { postgres: "ltrim(v::text, '0')", mariadb: 'BIN(v + 0)' },
    refused: { 'postgres → mariadb': /make both of one length/ },
  },
}
