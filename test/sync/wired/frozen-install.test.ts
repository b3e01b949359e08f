import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import {
  describePair,
  type Frozen,
  type FrozenStand,
  freezeAt,
  openFrozenStand,
  watchChanges,
} from './frozen-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000

/** Each of its places is tried, but not with everything that somebody else may do there: changes of triggers take long. */
const EVERY = { postgres: 2, mariadb: 4 } as const

/** What somebody else does while an installation is frozen. */
type Meanwhile =
  | 'uninstalls, and installs the other way round'
  | 'uninstalls'
  | 'uninstalls, and is not through'
  | 'installs too, and cuts over'

describe.each(['postgres', 'mariadb'] as const)(
  `an installation that is frozen while somebody else acts on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let stand: FrozenStand

    beforeAll(async () => {
      if (isMissing) return
      stand = await openFrozenStand(kind)
    }, SLOW_MS)
    afterEach(async () => {
      if (!isMissing) await stand.uninstall()
    }, SLOW_MS)
    afterAll(() => stand?.close(), SLOW_MS)

    /** All that it takes away of the monolith is gone by then; what it is fenced by is there, and so is the service’s. */
    async function uninstallAlmost(): Promise<void> {
      const stopping = watchChanges(stand.pair, async ({ sql }) => {
        if (/DELETE FROM strangler[._]checkpoint/.test(sql)) throw new Error('stopped')
      })
      await expect(stand.uninstall(stopping)).rejects.toThrow('stopped')
    }

    const meanwhile: Record<Meanwhile, () => Promise<void>> = {
      'uninstalls, and installs the other way round': async () => {
        await stand.uninstall()
        await stand.install({ direction: 'reverse' })
      },
      uninstalls: () => stand.uninstall(),
      'uninstalls, and is not through': uninstallAlmost,
      'installs too, and cuts over': async () => {
        await stand.install()
        await stand.cutOver()
      },
    }

    it.skipIf(isMissing).each(Object.keys(meanwhile) as Meanwhile[])(
      'changes nothing any more where that one %s',
      async (what) => {
        const { pair, uninstall, install } = stand
        await uninstall()
        const clean = await describePair(pair)
        const seen: Frozen['outcome'][] = []
        const first = Object.keys(meanwhile).indexOf(what) % EVERY[kind]
        for (let place = first; seen.at(-1) !== 'was through'; place += EVERY[kind]) {
          const { outcome, before } = await freezeAt(pair, {
            ...{ place, meanwhile: meanwhile[what] },
            command: (over, isCurrent) => install({ over, isCurrent }),
          })
          seen.push(outcome)
          if (outcome === 'was refused') {
            expect(await describePair(pair), `place ${place}`).toEqual(before)
            if (/other way|cuts over/.test(what))
              expect(await stand.sides.service.run('add', `${what} ${place}`)).toBe(1)
          }
          await uninstall()
          expect(await describePair(pair)).toEqual(clean)
        }
        // The target’s tables, its guards, the source’s tables, its capture.
        expect(seen.filter((outcome) => outcome === 'was refused').length).toBeGreaterThan(10 / EVERY[kind])
      },
      SLOW_MS,
    )
  },
)
