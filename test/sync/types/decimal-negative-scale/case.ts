import type { TypeCase } from '../type-case.ts'

export const typeCase: TypeCase = {
  about: 'a numeric with a negative scale',
  create: { type: { postgres: 'numeric(3,-2)' } },
  change: [
    { sql: '12345', reads: '12300' },
    { sql: '-50', reads: '-100' },
  ],
  expect: {},
}
