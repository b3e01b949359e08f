import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'floats of four bytes',
  create: { type: { postgres: 'real', mariadb: 'FLOAT' } },
  change: [
    { sql: { postgres: "'0.1'", mariadb: '0.1' }, reads: '0.10000000149011612' },
    { sql: { postgres: "'16777217'", mariadb: '16777217' }, reads: '16777216' },
    { sql: { postgres: "'3.4028235e38'", mariadb: '3.4028234e38' }, reads: '3.4028234663852886e38' },
    { sql: { postgres: "'-1.17549435e-38'", mariadb: '-1.17549435e-38' }, reads: '-1.1754943508222875e-38' },
    { sql: { postgres: "'123456.789'", mariadb: '123456.789' }, reads: '123456.7890625' },
  ],
  expect: {
    // As the double that it is exactly.
    read: { postgres: "replace(v::float8::text, 'e+', 'e')", mariadb: 'CAST(v + 0e0 AS CHAR)' },
  },
}
