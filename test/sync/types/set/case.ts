import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'SET, as a text with commas',
  create: { type: { postgres: 'text', mariadb: "SET('a','b','it''s')" } },
  change: [
    { sql: { mariadb: "'it''s,a'", postgres: "'a,it''s'" }, reads: "a,it's" },
    { sql: "''", reads: '' },
    { sql: { postgres: "'b,a'" }, reads: 'b,a', unfit: { mariadb: /a set keeps its members once/ } },
  ],
  expect: { note: 'a text with other members, or in another order, waits in quarantine' },
}
