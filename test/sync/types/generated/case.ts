import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a column that both databases compute',
  create: {
    type: { postgres: 'integer', mariadb: 'INT' },
    columns: {
      postgres:
        'id integer PRIMARY KEY, n integer, v integer, twice integer GENERATED ALWAYS AS (v * 2) STORED',
      mariadb: 'id INT PRIMARY KEY, n INT, v INT, twice INT AS (v * 2) VIRTUAL',
    },
  },
  change: [
    { sql: '21', reads: '42' },
    { sql: '-1', reads: '-2' },
  ],
  expect: {
    read: { postgres: 'twice::text', mariadb: 'CAST(twice AS CHAR)' },
    note: 'never written; read where the other side has a plain column of the name',
  },
}
