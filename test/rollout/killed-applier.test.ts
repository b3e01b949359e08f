import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { HALVES, isDecided } from './kill-moments.ts'
import { type KillScene, openKillScene } from './kill-scene.ts'

const SLOW_MS = 300_000
const mariadbd = await requireProgram('mariadb')

describe.each(HALVES)('where a service applies for itself, on $kind', ({ kind, applier, relay }) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let scene: KillScene

  beforeAll(async () => {
    if (isMissing) return
    scene = await openKillScene({ kind, appliesItself: true })
  }, SLOW_MS)
  afterAll(() => scene?.stop(), SLOW_MS)

  /** One half of the sync is gone and the other lives; it is the cut-over to the service in which they are in two processes. */
  async function killHalf(half: 'applier' | 'sync', at: string): Promise<void> {
    // What was started again has to be heard of first.
    if ((await scene.ownerNow()) === 'service')
      await vi.waitFor(() => scene.stand.moveTo('monolith'), { timeout: 60_000, interval: 500 })
    const { to, ended } = await scene.strike(at, () => scene.stand.kill(half))
    await ended
    if (isDecided(at)) expect(await scene.ownerNow()).toBe(to)
    await scene.expectWhole()
    await scene.stand.revive()
    await scene.expectWhole()
  }

  it.skipIf(isMissing).each(applier)(
    `the service that is killed %s holds nothing up for longer than writes may be held, and closes no table of its own when it comes back${sayMissing('mariadb')}`,
    (at) => killHalf('applier', at),
    SLOW_MS,
  )

  it.skipIf(isMissing).each(relay)(
    `the relay alone that is killed %s, while the service goes on applying, holds nothing up for longer than writes may be held${sayMissing('mariadb')}`,
    (at) => killHalf('sync', at),
    SLOW_MS,
  )

  it.skipIf(isMissing)(
    `loses and doubles nothing of all this time${sayMissing('mariadb')}`,
    () => scene.expectAllWrites(),
    SLOW_MS,
  )
})
