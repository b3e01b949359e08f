import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { isDecided, KILLS } from './kill-moments.ts'
import { type KillScene, openKillScene } from './kill-scene.ts'

const SLOW_MS = 300_000
const mariadbd = await requireProgram('mariadb')

describe.each(KILLS)('on $kind', ({ kind, process: moments, connections, coordinator, frozen }) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let scene: KillScene

  beforeAll(async () => {
    if (isMissing) return
    scene = await openKillScene({ kind })
  }, SLOW_MS)
  afterAll(() => scene?.stop(), SLOW_MS)

  async function expectEnded(at: string, to: string): Promise<void> {
    if (isDecided(at)) expect(await scene.ownerNow()).toBe(to)
    await scene.expectWhole()
  }

  it.skipIf(isMissing).each(coordinator)(
    `a coordinator that is killed %s leaves nothing half done: another process ends it within five seconds${sayMissing('mariadb')}`,
    async (at) => {
      const { to } = await scene.strike(at, async (child) => {
        const dead = once(child, 'exit')
        child.kill('SIGKILL')
        await dead
      })
      await expectEnded(at, to)
    },
    SLOW_MS,
  )

  it.skipIf(isMissing).each(frozen)(
    `a coordinator that is frozen %s and wakes up when all is over changes nothing${sayMissing('mariadb')}`,
    async (at) => {
      const { coordinator: child, ended, said } = await scene.strike(at, async (it) => it.kill('SIGSTOP'))
      const [owner, before] = [await scene.ownerNow(), await scene.lines()]
      child.kill('SIGCONT')
      expect(await ended, said()).toEqual([0, null])
      expect(await scene.lines()).toEqual(before)
      expect(await scene.ownerNow()).toBe(owner)
      await scene.expectWhole()
    },
    SLOW_MS,
  )

  it.skipIf(isMissing).each(moments)(
    `a proxy that is killed %s is not waited for longer than writes may be held, and nobody has to start it again${sayMissing('mariadb')}`,
    async (at) => {
      const { to, ended } = await scene.strike(at, async () =>
        scene.killed.add(await scene.stand.kill('proxy-1')),
      )
      await ended
      await expectEnded(at, to)
      await scene.stand.revive()
    },
    SLOW_MS,
  )

  it.skipIf(isMissing).each(moments)(
    `the process of relay and applier that is killed %s holds nothing up for longer than writes may be held${sayMissing('mariadb')}`,
    async (at) => {
      const { to, ended } = await scene.strike(at, () => scene.stand.kill('sync'))
      await ended
      await expectEnded(at, to)
      await scene.stand.revive()
    },
    SLOW_MS,
  )

  it
    .skipIf(isMissing)
    .each(
      connections.flatMap((at) =>
        (['monolith', 'service', 'control'] as const).map((which) => ({ at, which })),
      ),
    )(
    `all connections to the database $which that are killed $at are made again, or it is undone${sayMissing('mariadb')}`,
    async ({ at, which }) => {
      const { to, ended } = await scene.strike(at, async () =>
        expect(await scene.stand.cutConnections(which)).toBeGreaterThan(0),
      )
      await ended
      await expectEnded(at, to)
    },
    SLOW_MS,
  )

  it.skipIf(isMissing)(
    `the writes of all this time are there once; only what waited too long, or was in a killed proxy, was refused${sayMissing('mariadb')}`,
    () => scene.expectAllWrites(),
    SLOW_MS,
  )
})
