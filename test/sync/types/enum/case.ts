import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'enums, by label',
  create: {
    before: { postgres: [`CREATE TYPE mood AS ENUM ('happy', 'it''s "so"', 'ünder, {score}')`] },
    type: {
      postgres: 'mood',
      mariadb: `ENUM('ünder, {score}', 'happy', 'it''s "so"') CHARACTER SET utf8mb4`,
    },
  },
  change: [
    { sql: "'happy'", reads: 'happy' },
    { sql: `'it''s "so"'`, reads: `it's "so"` },
    { sql: "'ünder, {score}'", reads: 'ünder, {score}' },
    {
      sql: { mariadb: "''" },
      reads: '',
      unfit: { postgres: /it is none of its labels/, mariadb: /it is none of its labels/ },
    },
  ],
  expect: {
    note: 'the order of labels may differ; the empty text that MariaDB keeps for a wrong label waits in quarantine',
  },
}
