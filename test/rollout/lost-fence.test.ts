import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CutoverDatabases } from '../../strangler/rollout/ports.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { createDatabaseCheckpoints } from '../../strangler/sync/checkpoint-store.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { CAPABILITY, type FrozenStand, openFrozenStand, SIDES } from '../sync/wired/frozen-stand.ts'
import { readyDatabases, startRolloutStand } from './rollout-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 180_000
const [TOKEN, LOT] = [`cutover:${CAPABILITY}:token`, `cutover:${CAPABILITY}:uninstall`]

/** Steps of a cut-over in their order; `different` is what has it undone, and then its last two are others. */
const MOVED = ['enter', 'closeTarget', 'closeSource', 'alignIdentities', 'openTarget'] as const
const UNDONE = ['closeSource', 'openSource'] as const
type Moment = (typeof MOVED)[number] | (typeof UNDONE)[number]

describe.each(['postgres', 'mariadb'] as const)(
  `a cut-over whose fence is lost on the way on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let stand: FrozenStand
    let number = 0

    beforeAll(async () => {
      if (!isMissing) stand = await openFrozenStand(kind)
    }, SLOW_MS)
    afterAll(() => stand?.close(), SLOW_MS)

    const forget = async (...names: string[]) => {
      for (const side of SIDES)
        for (const name of names) await createDatabaseCheckpoints(stand.pair[side]).remove(name)
    }
    const losses: Record<string, () => Promise<void>> = {
      'the line of the token': () => forget(TOKEN),
      'the line of the lot': () => forget(LOT),
      'both lines': () => forget(TOKEN, LOT),
      // As a backup from before the installation has it.
      'the table of these lines, in the target': async () => {
        const name = kind === 'postgres' ? 'strangler.checkpoint' : 'strangler_checkpoint'
        await stand.pair.service.query({ sql: `DROP TABLE IF EXISTS ${name}`, params: [] })
      },
      'its installation, which somebody repeats and does not end': async () => {
        await expect(stand.install({ isCurrent: async () => false })).rejects.toThrow(/has moved/)
      },
    }

    /** The real databases; once, right before that step, something is lost. */
    async function openLosing(moment: Moment, lose: () => Promise<void>, isSame = true) {
      const handOver = await stand.openHandOver()
      let isLost = false
      const losing =
        <A extends unknown[], R>(name: Moment, step: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          if (name === moment && !isLost) {
            isLost = true
            await lose()
          }
          return step(...args)
        }
      const databases: CutoverDatabases = {
        ...readyDatabases(),
        ...handOver,
        tryWayBack: async () => [],
        findDifferent: async () => new Map(isSame ? [] : [['item', ['["1"]']]]),
        enter: losing('enter', handOver.enter),
        closeTarget: losing('closeTarget', handOver.closeTarget),
        closeSource: losing('closeSource', handOver.closeSource),
        openSource: losing('openSource', handOver.openSource),
        openTarget: losing('openTarget', handOver.openTarget),
        alignIdentities: losing('alignIdentities', async (token) => {
          return (await handOver.alignIdentities(token)).map(({ column }) => column)
        }),
      }
      return { databases, isLost: () => isLost }
    }

    const takes = async (side: (typeof SIDES)[number]) => {
      number += 1
      return stand.sides[side].run('add', `write ${number}`).then(
        () => true,
        () => false,
      )
    }

    /** Whoever owns by the journal takes writes, and nobody else. */
    async function cutOver(moment: Moment, lose: () => Promise<void>, isSame: boolean): Promise<string> {
      await stand.uninstall()
      await stand.install()
      const { databases, isLost } = await openLosing(moment, lose, isSame)
      const rollout = startRolloutStand({ databases })
      try {
        const ended = await rollout.cutOver().then(
          () => 'moved',
          (error: { code?: string }) => error.code ?? String(error),
        )
        expect(isLost()).toBe(true)
        const { cutovers, holds } = rollout.state()
        expect({ cutovers: cutovers ?? {}, holds }).toEqual({ cutovers: {}, holds: {} })
        const owner = ownerOf(rollout.state(), CAPABILITY)
        expect(owner).toBe(ended === 'moved' ? 'service' : 'monolith')
        expect({ monolith: await takes('monolith'), service: await takes('service') }).toEqual({
          monolith: owner === 'monolith',
          service: owner === 'service',
        })
        return ended
      } finally {
        await rollout.coordinator.stop()
      }
    }

    it.skipIf(isMissing).each(Object.keys(losses))(
      'ends all the same, and one side takes writes: %s',
      async (loss) => {
        const ends: string[] = []
        // Changes of triggers take long there, and the steps are the same ones.
        for (const moment of kind === 'postgres' ? MOVED : MOVED.slice(2)) {
          const ended = await cutOver(moment, losses[loss]!, true)
          expect(['moved', 'STRANGLER_CUTOVER_UNDONE'], `${loss} before ${moment}`).toContain(ended)
          ends.push(ended)
        }
        // The step is repeated then; a starved machine may be too late for it, but not each time.
        if (/installation|of the lot/.test(loss)) expect(ends).toContain('moved')
        for (const moment of UNDONE)
          expect(await cutOver(moment, losses[loss]!, false)).toBe('STRANGLER_CUTOVER_UNDONE')
      },
      SLOW_MS,
    )
  },
)
