import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text of 2 MiB',
  create: { type: { postgres: 'text', mariadb: 'LONGTEXT CHARACTER SET utf8mb4' } },
  change: [
    {
      sql: { postgres: "repeat('aé🐘_', 209715)", mariadb: "REPEAT('aé🐘_', 209715)" },
      reads: '838860 cfb432f2',
    },
    { sql: "'short'", reads: '5 4f09daa9' },
  ],
  expect: {
    read: {
      postgres: "length(v) || ' ' || left(md5(v), 8)",
      mariadb: "CONCAT(CHAR_LENGTH(v), ' ', LEFT(MD5(v), 8))",
    },
  },
}
