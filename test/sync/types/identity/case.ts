import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'identity and AUTO_INCREMENT',
  create: {
    type: { postgres: 'integer', mariadb: 'INT' },
    columns: {
      postgres: 'k integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id integer, n integer, v integer',
      mariadb: 'k INT AUTO_INCREMENT PRIMARY KEY, id INT, n INT, v INT',
    },
  },
  change: [
    { sql: '1', reads: '1' },
    { sql: '2', reads: '2' },
  ],
  expect: {
    read: { postgres: 'v::text', mariadb: 'CAST(v AS CHAR)' },
    note: 'written as they are',
  },
}
