import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text in another character set',
  create: { type: { postgres: 'text', mariadb: 'VARCHAR(200) CHARACTER SET latin1' } },
  change: [
    { sql: "'é€ß'", reads: 'é€ß' },
    { sql: "'plain'", reads: 'plain' },
    { sql: { postgres: "'🐘'" }, reads: '🐘', unfit: { mariadb: /Incorrect string value/ } },
  ],
  expect: { note: 'what the character set lacks waits in quarantine' },
}
