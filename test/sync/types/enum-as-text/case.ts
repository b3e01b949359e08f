import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'an enum as a text',
  create: {
    before: { postgres: ["CREATE TYPE state AS ENUM ('new', 'old')"] },
    type: { postgres: 'state', mariadb: 'VARCHAR(20)' },
  },
  change: [
    { sql: "'new'", reads: 'new' },
    { sql: "'old'", reads: 'old' },
    { sql: { mariadb: "'other'" }, reads: 'other', unfit: { postgres: /it is none of its labels/ } },
  ],
  expect: {},
}
