import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a key of several columns',
  create: {
    type: { postgres: 'integer', mariadb: 'INT' },
    columns: {
      postgres: 'a uuid, b bigint, c varchar(10), id integer, n integer, PRIMARY KEY (a, b, c)',
      mariadb: 'a UUID, b BIGINT, c VARCHAR(10) COLLATE utf8mb4_bin, id INT, n INT, PRIMARY KEY (a, b, c)',
    },
    fills: 'a, b, c',
    isKey: true,
  },
  change: [
    {
      sql: "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 9007199254740993, ''",
      reads: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 9007199254740993 ',
    },
    {
      sql: `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', -1, '"ü\t🐘'`,
      reads: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 -1 "ü\t🐘',
    },
  ],
  expect: { read: { postgres: "a || ' ' || b || ' ' || c", mariadb: "CONCAT(a, ' ', b, ' ', c)" } },
}
