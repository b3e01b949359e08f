import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'arrays of numbers: MariaDB holds their texts',
  create: { type: { postgres: 'numeric(9,3)[]', mariadb: 'JSON' } },
  change: [
    { sql: { postgres: "'{1.500,NULL,-3}'", mariadb: `'["1.5",null,"-3"]'` }, reads: '["1.5",null,"-3"]' },
    { sql: { postgres: "'{2}'", mariadb: `'["2"]'` }, reads: '["2"]' },
  ],
  expect: {
    read: {
      postgres:
        'to_json(ARRAY(SELECT trim_scale(e)::text FROM unnest(v) WITH ORDINALITY AS u(e, n) ORDER BY n))::text',
      mariadb: 'v',
    },
  },
}
