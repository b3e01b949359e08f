import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'the same under a collation that tells upper case from lower',
  create: {
    type: { postgres: 'uuid', mariadb: 'CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' },
    isKey: true,
  },
  change: [
    { sql: "'00000000-0000-0000-0000-000000000001'", reads: '00000000-0000-0000-0000-000000000001' },
    { sql: "'00000000-0000-0000-0000-000000000002'", reads: '00000000-0000-0000-0000-000000000002' },
  ],
  expect: {
    refused: {
      'postgres → mariadb': /which a UUID does not; make it a UUID/,
      'mariadb → postgres': /which a UUID does not; make it a UUID/,
    },
  },
}
