import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'BINARY, which fills up with zeros',
  create: { type: { postgres: 'bytea', mariadb: 'BINARY(4)' } },
  change: [
    { sql: { mariadb: "X'00FF'" }, reads: '00FF0000' },
    { sql: { mariadb: "X'01020304'" }, reads: '01020304' },
  ],
  expect: {
    read: { postgres: "upper(encode(v, 'hex'))", mariadb: 'HEX(v)' },
    refused: { 'postgres → mariadb': /filled up with zeros without a word; make it a varbinary/ },
  },
}
