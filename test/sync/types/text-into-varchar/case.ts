import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a text without a length into one with',
  create: { type: { postgres: 'text', mariadb: 'VARCHAR(5)' } },
  change: [
    { sql: "'fits'", reads: 'fits' },
    { sql: "'too'", reads: 'too' },
    { sql: { postgres: "'is too long'" }, reads: 'is too long', unfit: { mariadb: /Data too long/ } },
  ],
  expect: { note: 'what is too long waits in quarantine, never cut' },
}
