import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'an enum into one that lacks a label',
  create: {
    before: { postgres: ["CREATE TYPE size AS ENUM ('small', 'large', 'vast')"] },
    type: { postgres: 'size', mariadb: "ENUM('small', 'large')" },
  },
  change: [
    { sql: "'small'", reads: 'small' },
    { sql: "'large'", reads: 'large' },
  ],
  expect: { refused: { 'postgres → mariadb': /add the label 'vast'/ } },
}
