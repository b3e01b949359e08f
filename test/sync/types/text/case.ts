import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'texts: NULL against empty, spaces, quotes, emoji and other characters of four bytes',
  create: { type: { postgres: 'text', mariadb: 'LONGTEXT CHARACTER SET utf8mb4' } },
  change: [
    { sql: "''", reads: '' },
    { sql: 'NULL', reads: null },
    { sql: "'NULL'", reads: 'NULL' },
    { sql: "'  both sides  '", reads: '  both sides  ' },
    { sql: "'🐘 𝕏 é ＡＢ'", reads: '🐘 𝕏 é ＡＢ' },
    {
      sql: { postgres: String.raw`E'\'"\\{},\n\t\r'`, mariadb: String.raw`'\'"\\{},\n\t\r'` },
      reads: '\'"\\{},\n\t\r',
    },
    {
      sql: { mariadb: "CONCAT('a', CHAR(0), 'b')" },
      reads: 'a\0b',
      unfit: { postgres: /invalid byte sequence for encoding "UTF8": 0x00/ },
    },
  ],
  expect: { note: 'a text with a NUL, which PostgreSQL has not, waits in quarantine' },
}
