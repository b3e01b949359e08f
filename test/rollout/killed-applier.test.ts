import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TOKEN } from './cutover-stand.ts'
import { type KillScene, openKillScene } from './kill-scene.ts'

const SLOW_MS = 120_000
let scene: KillScene

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-cutover')
  scene = await openKillScene({ kind: 'postgres', appliesItself: true })
}, SLOW_MS)
afterAll(() => scene.stop(), SLOW_MS)

describe('a service that applies for itself and is killed', () => {
  it.each(['after cutover.started', 'after closeSource', 'after owner.changed'])(
    '%s holds nothing up for longer than writes may be held, and closes no table of its own when it comes back',
    async (at) => {
      if ((await scene.ownerNow()) === 'service') await scene.stand.moveTo('monolith')
      const { to, ended } = await scene.strike(at, () => scene.stand.kill('applier'))
      await ended
      if (at === 'after owner.changed') expect(await scene.ownerNow()).toBe(to)
      await scene.expectWhole()
      await scene.stand.revive()
      await scene.expectWhole()
    },
    SLOW_MS,
  )

  it('loses and doubles nothing of all this time', () => scene.expectAllWrites(), SLOW_MS)
})
