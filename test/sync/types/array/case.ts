import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'arrays, in MariaDB a JSON array of texts',
  create: { type: { postgres: 'text[]', mariadb: 'JSON' } },
  change: [
    {
      sql: {
        postgres: `ARRAY['a,b', NULL, 'NULL', '', '{"}', '🐘']`,
        mariadb: `'["a,b",null,"NULL","","{\\\\"}","🐘"]'`,
      },
      reads: '["a,b",null,"NULL","","{\\"}","🐘"]',
    },
    { sql: { postgres: "'{}'", mariadb: "'[]'" }, reads: '[]' },
    {
      sql: { postgres: "'{{1,2},{3,4}}'", mariadb: `'[["1","2"],["3","4"]]'` },
      reads: '[["1","2"],["3","4"]]',
    },
    { sql: { postgres: "'[0:1]={5,6}'" }, reads: '["5","6"]', unfit: { mariadb: /CONSTRAINT/ } },
  ],
  expect: {
    read: { postgres: "replace(to_json(v)::text, '],[', '],[')", mariadb: 'v' },
    note: 'an array that does not begin at 1 waits in quarantine where the other side is MariaDB',
  },
}
