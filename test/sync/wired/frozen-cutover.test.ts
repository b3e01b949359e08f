import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CutoverDatabases } from '../../../strangler/rollout/ports.ts'
import { createDatabaseCheckpoints } from '../../../strangler/sync/checkpoint-store.ts'
import { drawMissingLots } from '../../../strangler/sync/fencing-token.ts'
import { readyDatabases, startRolloutStand } from '../../rollout/rollout-stand.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { CAPABILITY, describePair, type FrozenStand, openFrozenStand, tokensOf } from './frozen-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000
const LOT = `cutover:${CAPABILITY}:uninstall`

describe.each(['postgres', 'mariadb'] as const)(
  `a coordinator that is frozen over an uninstallation on %s${sayMissing('mariadb')}`,
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

    it.skipIf(isMissing)(
      'closes nobody, neither after that nor after a new installation; whoever read the lots anew, and not the journal, would',
      async () => {
        const { sides } = stand
        await stand.install()
        const { close, undo, open } = tokensOf(stand.nextVersion())
        const late = await stand.openHandOver()
        await late.prepare(soon())
        const other = await stand.openHandOver()
        await other.enter(close)
        await other.enter(undo)
        await other.openSource(undo, soon())
        const isHarmless = async (what: string) => {
          for (const token of [close, undo, open]) {
            await expect(late.enter(token)).rejects.toThrow()
            await expect(late.closeSource(token, soon())).rejects.toThrow()
            await expect(late.openTarget(token, soon())).rejects.toThrow()
          }
          expect(await sides.monolith.run('add', what)).toBe(1)
        }
        await stand.uninstall()
        await isHarmless('after an uninstallation')
        await stand.install()
        await isHarmless('after a new installation')
        await expect(sides.service.run('add', 'stray')).rejects.toThrow(/strangler/i)

        await late.readLots()
        await late.enter(close)
        await late.closeSource(close, soon())
        await expect(sides.monolith.run('add', 'its own')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'is told by the journal that its cut-over is over, once the fence has refused it',
      async () => {
        const { sides } = stand
        await stand.install()
        const handOver = await stand.openHandOver()
        let refused = 0
        const databases: CutoverDatabases = {
          ...{ ...readyDatabases(), ...handOver, alignIdentities: async () => [] },
          ...{ findDifferent: async () => new Map(), tryWayBack: async () => [] },
          async closeSource(token, deadline) {
            await meanwhile()
            return handOver.closeSource(token, deadline).catch((error: unknown) => {
              refused += 1
              throw error
            })
          },
        }
        const rollout = startRolloutStand({ databases })
        /** Somebody else undoes it, and then it is uninstalled and installed again, all while this one is frozen. */
        const meanwhile = async () => {
          const { id: cutoverId, since } = rollout.state().cutovers![CAPABILITY]!
          const other = await stand.openHandOver()
          const ids = { capability: CAPABILITY, cutoverId, holdId: cutoverId }
          rollout.append({ kind: 'cutover.aborted', ...ids })
          await other.enter(tokensOf(since).undo)
          await other.openSource(tokensOf(since).undo, soon())
          rollout.append({ kind: 'hold.aborted', ...ids })
          rollout.append({ kind: 'sync.ended', capability: CAPABILITY })
          await stand.uninstall()
          await stand.install()
          rollout.append({ kind: 'sync.started', capability: CAPABILITY, epoch: rollout.state().version + 1 })
        }
        await expect(rollout.cutOver()).rejects.toMatchObject({ code: 'STRANGLER_CUTOVER_UNDONE' })
        // Its timers are not frozen with it: where the hold is over meanwhile it ends first, and this comes late.
        await expect.poll(() => refused).toBe(1)
        expect(await sides.monolith.run('add', 'after all of it')).toBe(1)
        await expect(sides.service.run('add', 'stray')).rejects.toThrow(/strangler/i)
        await rollout.coordinator.stop()
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'is known by the lot that is drawn when the sync begins, where an older kit has installed',
      async () => {
        const { pair, sides } = stand
        await stand.install()
        const both = [pair.monolith, pair.service]
        for (const one of both) await createDatabaseCheckpoints(one).remove(LOT)
        const early = await stand.openHandOver()
        await drawMissingLots(both, CAPABILITY)
        const { close, undo } = tokensOf(stand.nextVersion())
        await expect(early.enter(close)).rejects.toMatchObject({ code: 'STRANGLER_SYNC_CONFLICT' })
        const late = await stand.openHandOver()
        await late.enter(close)
        await late.enter(undo)
        const read = () => Promise.all(both.map((one) => createDatabaseCheckpoints(one).read(LOT)))
        const drawn = await read()
        await drawMissingLots(both, CAPABILITY)
        expect(await read()).toEqual(drawn)
        await stand.uninstall()
        await stand.install()
        await expect(late.closeSource(undo, soon())).rejects.toMatchObject({
          code: 'STRANGLER_SYNC_CONFLICT',
        })
        expect(await sides.monolith.run('add', 'after an older kit')).toBe(1)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'prepares nothing where no sync is any more',
      async () => {
        await stand.uninstall()
        const clean = await describePair(stand.pair)
        await stand.install()
        const late = await stand.openHandOver()
        await stand.uninstall()
        await expect(late.prepare(soon())).rejects.toMatchObject({ code: 'STRANGLER_SYNC_CONFLICT' })
        expect(await describePair(stand.pair)).toEqual(clean)
      },
      SLOW_MS,
    )
  },
)
