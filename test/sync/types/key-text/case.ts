import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text as key',
  create: {
    type: { postgres: 'text', mariadb: 'VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' },
    isKey: true,
  },
  change: [
    { sql: "'a'", reads: 'a' },
    { sql: "'A'", reads: 'A' },
    { sql: `'"quoted" 🐘'`, reads: '"quoted" 🐘' },
    { sql: "''", reads: '' },
    // MariaDB compares with padding, whatever the collation's case.
    {
      sql: { postgres: "'a  '" },
      reads: 'a  ',
      unfit: { mariadb: /another row with the same value of a unique key/ },
    },
  ],
  expect: {
    note: 'keys that differ in spaces at the end only are one key for MariaDB: the second waits in quarantine',
  },
}
