import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CutoverDatabases } from '../../strangler/rollout/ports.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { type FrozenStand, openFrozenStand } from '../sync/wired/frozen-stand.ts'
import { readyDatabases, startRolloutStand } from './rollout-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000

describe.each(['postgres', 'mariadb'] as const)(
  `where the control database was restored to an older state, on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let stand: FrozenStand

    beforeAll(async () => {
      if (!isMissing) stand = await openFrozenStand(kind)
    }, SLOW_MS)
    afterAll(() => stand?.close(), SLOW_MS)

    /** The real databases of the stand, and a journal that has one line. */
    async function open() {
      const handOver = await stand.openHandOver()
      const alignIdentities = async (token: number) =>
        (await handOver.alignIdentities(token)).map(({ column }) => column)
      const databases: CutoverDatabases = {
        ...{ ...readyDatabases(), ...handOver, alignIdentities },
        ...{ findDifferent: async () => new Map(), tryWayBack: async () => [] },
      }
      return startRolloutStand({ databases })
    }

    it.skipIf(isMissing)(
      'a cut-over is refused before a write is held, with what mends it, and that mends it',
      async () => {
        await stand.install()
        const handOver = await stand.openHandOver()
        await handOver.prepare(Date.now() + 10_000)
        // One that was undone, by a line that the journal does not have any more.
        await handOver.enter(4 * 90)
        await handOver.enter(4 * 90 + 1)
        const young = await open()
        await expect(young.cutOver()).rejects.toMatchObject({
          code: 'STRANGLER_CUTOVER_REFUSED',
          message: expect.stringMatching(/version 90 of the journal, which is at version 1 only/),
          fix: expect.stringMatching(/sync uninstall items.*sync install items/),
        })
        expect(young.lines()).toEqual([])
        const { obstacles } = await young.coordinator.rehearse({ capability: 'items', to: 'service' })
        expect(obstacles.map(({ reason }) => reason)).toEqual([expect.stringContaining('restored')])
        expect(await stand.sides.monolith.run('add', 'as before')).toBe(1)
        await young.coordinator.stop()

        await stand.uninstall()
        await stand.install()
        const mended = await open()
        await mended.cutOver()
        expect(await stand.sides.service.run('add', 'its own')).toBe(1)
        await expect(stand.sides.monolith.run('add', 'stray')).rejects.toThrow(/strangler/i)
        await mended.coordinator.stop()
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'a journal that has caught up is none: what it begins next is newer than all that the databases know',
      async () => {
        await stand.uninstall()
        await stand.install()
        const handOver = await stand.openHandOver()
        await handOver.prepare(Date.now() + 10_000)
        // Of the one line that the journal has, with the last number that it can give.
        await handOver.enter(4 * 1 + 3)
        const caughtUp = await open()
        await caughtUp.cutOver()
        expect(await stand.sides.service.run('add', 'caught up')).toBe(1)
        await caughtUp.coordinator.stop()
      },
      SLOW_MS,
    )
  },
)
