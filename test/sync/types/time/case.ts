import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'times of day',
  create: { type: { postgres: 'time', mariadb: 'TIME(6)' } },
  change: [
    { sql: "'01:02:03.000004'", reads: '01:02:03.000004' },
    { sql: "'24:00:00'", reads: '24:00:00.000000' },
    { sql: { mariadb: "'-838:59:59'" }, reads: '-838:59:59.000000', unfit: { postgres: /time/ } },
  ],
  expect: {
    read: { postgres: "to_char(v::interval, 'HH24:MI:SS.US')", mariadb: 'CAST(v AS CHAR)' },
    note: 'a TIME beyond 24 hours or below 0 only between two MariaDBs',
  },
}
