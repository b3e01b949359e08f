import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cutoverToken } from '../../../strangler/core/fencing-numbers.ts'
import { createDatabaseCheckpoints } from '../../../strangler/sync/checkpoint-store.ts'
import { tokenName } from '../../../strangler/sync/fencing-token.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import {
  CAPABILITY,
  describePair,
  type Frozen,
  type FrozenStand,
  freezeAt,
  openFrozenStand,
  SIDES,
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
  `on %s${sayMissing('mariadb')}, frozen while somebody else acts,`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let stand: FrozenStand
    const soon = () => Date.now() + 10_000

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
      'an installation changes nothing any more where that one %s',
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

    it.skipIf(isMissing)(
      'a cut-over closes nobody where the sync was uninstalled, nor where it was installed anew; with a first number as in a new journal it would',
      async () => {
        const { pair, sides, openHandOver } = stand
        await stand.install()
        const since = stand.nextVersion()
        const late = openHandOver()
        await late.prepare(soon())
        const [close, undo] = [cutoverToken(since, 'close'), cutoverToken(since, 'undo')]
        const other = openHandOver()
        await other.enter(close)
        await other.enter(undo)
        await other.openSource(undo, soon())
        const refuse = async (what: string) => {
          for (const token of [close, undo, cutoverToken(since, 'open')]) {
            await expect(late.enter(token)).rejects.toThrow(/has begun/)
            await expect(late.closeSource(token, soon())).rejects.toThrow(/has begun/)
          }
          expect(await sides.monolith.run('add', what)).toBe(1)
        }
        await stand.uninstall()
        await refuse('after an uninstallation')
        // Where another capability is synced, there is a place for its number.
        for (const side of SIDES) {
          const { dialect, query } = pair[side]
          for (const sql of dialect.schemaUp()) await query({ sql, params: [] })
          await createDatabaseCheckpoints(pair[side]).write(tokenName('others'), '0')
        }
        await refuse('after that, beside another capability')
        await stand.install()
        await refuse('after a new installation')

        for (const side of SIDES)
          await createDatabaseCheckpoints(pair[side]).write(tokenName(CAPABILITY), '0')
        await late.enter(close)
        await late.closeSource(close, soon())
        await expect(sides.monolith.run('add', 'its own')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'whoever takes databases over begins with the numbers of his own journal, which may be a young one',
      async () => {
        await stand.install({ epoch: 1_000 })
        const handOver = stand.openHandOver()
        await handOver.prepare(soon())
        await expect(handOver.enter(cutoverToken(50, 'close'))).rejects.toThrow(/has begun/)
        await stand.install({ epoch: 50, takeOver: true })
        await handOver.enter(cutoverToken(50, 'close'))
      },
      SLOW_MS,
    )
  },
)
