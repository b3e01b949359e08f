import { beforeAll, describe, expect, test } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { loadCases } from './load-cases.ts'
import { runPair, type SeenPair } from './run-pair.ts'
import { inDialect, type TypeCase } from './type-case.ts'

const mariadbd = await requireProgram('mariadb')
const cases = await loadCases()

const PAIRS: readonly (readonly [DialectName, DialectName])[] = [
  ['postgres', 'postgres'],
  ['postgres', 'mariadb'],
  ['mariadb', 'postgres'],
  ['mariadb', 'mariadb'],
]

/** Both dialects have the type, and the source a value that the target can hold. */
function isThere({ create, change }: TypeCase, from: DialectName, to: DialectName): boolean {
  const hasValue = change.some(
    ({ sql, unfit }) => inDialect(sql, from) !== undefined && unfit?.[to] === undefined,
  )
  return create.type[from] !== undefined && create.type[to] !== undefined && hasValue
}

describe.each(PAIRS)('types from %s to %s', (from, to) => {
  const isSkipped = mariadbd === undefined && (from === 'mariadb' || to === 'mariadb')
  describe.skipIf(isSkipped)(`on this machine${sayMissing('mariadb')}`, () => {
    const here = cases.filter((one) => isThere(one, from, to))
    let outcome: SeenPair

    beforeAll(async () => {
      outcome = await runPair(here, [from, to])
    }, 400_000)

    const refusedOf = (typeCase: (typeof cases)[number]) => typeCase.expect.refused?.[`${from} → ${to}`]

    test.each(here.filter((one) => refusedOf(one) !== undefined).map((one) => [one.name, one] as const))(
      'refuses %s before anything is installed, and says what mends it',
      (name, one) => {
        const reasons = outcome.refused.get(name)!.map(({ reason }) => reason)
        expect(reasons).toEqual([expect.stringMatching(refusedOf(one)!)])
      },
    )

    test.each(here.filter((one) => refusedOf(one) === undefined).map((one) => [one.name, one] as const))(
      'carries %s there and back, and quarantines what cannot be held',
      (name) => {
        expect(outcome.refused.get(name)).toEqual([])
        const seen = outcome.seen.get(name)!
        expect(Object.fromEntries(seen.target)).toEqual(Object.fromEntries(seen.plan.carried))
        expect([...seen.quarantine.keys()].sort()).toEqual([...seen.plan.quarantined.keys()].sort())
        for (const [id, sentence] of seen.plan.quarantined) expect(seen.quarantine.get(id)).toMatch(sentence)
        expect(seen.falseAlarms).toEqual([])
        expect(seen.tampered).not.toBe('overlooked')
        expect(Object.fromEntries(seen.cameBack)).toEqual(Object.fromEntries(seen.plan.carried))
      },
    )
  })
})
