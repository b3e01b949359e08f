import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CutoverStand, fillCopy, startCutoverStand } from './cutover-stand.ts'

const SLOW_MS = 120_000
let stand: CutoverStand

beforeAll(async () => {
  stand = await startCutoverStand(1, { kind: 'postgres', appliesItself: true })
  await fillCopy(stand)
}, SLOW_MS)
afterAll(() => stand?.stop(), SLOW_MS)

const restart = async () => {
  await stand.kill('applier', 'stop')
  await stand.revive()
}
const change = async (kind: 'install' | 'uninstall', unsafe = false) => {
  const { version } = await stand.admin.routes()
  const waived = unsafe ? { unsafe, because: 'the monolith is gone' } : {}
  await stand.admin.changeSync(kind, { capability: 'items', expectedVersion: version, ...waived })
}
const marks = () =>
  stand.databases.service.query(`SELECT name FROM strangler.checkpoint WHERE name LIKE 'released%'`)

describe('an applier of a service from under which the sync was taken out', () => {
  it(
    'guards the copy that the service is, and leaves nothing else behind, while the monolith owns',
    async () => {
      await change('uninstall')
      const kept = await stand.databases.service.query(`SELECT to_regclass('strangler.checkpoint') AS kept`)
      expect(kept).toEqual([{ kept: null }])
      const write = () => stand.databases.service.query('UPDATE entry SET count = count')
      await write()
      await restart()
      await expect(write()).rejects.toThrow(/strangler/i)
      await fillCopy(stand)
    },
    SLOW_MS,
  )

  it(
    'closes no table that the service owned then, also when it is taken out a second time and half installed again',
    async () => {
      await vi.waitFor(() => stand.moveTo('service'), { timeout: 60_000, interval: 1_000 })
      await change('uninstall', true)
      await restart()
      expect(await stand.run('service', 'owner')).toBe(1)
      await change('uninstall')
      await restart()
      expect(await stand.run('service', 'owner still')).toBe(1)
      await change('install')
      await restart()
      expect(await stand.run('service', 'owner with a sync')).toBe(1)
      expect(await marks()).toHaveLength(1)
    },
    SLOW_MS,
  )

  it(
    'negative control: without the line that the uninstallation leaves it closes them',
    async () => {
      await change('uninstall', true)
      await stand.databases.service.query(`DELETE FROM strangler.checkpoint WHERE name LIKE 'released%'`)
      await restart()
      await expect(stand.run('service', 'closed')).rejects.toThrow(/strangler/i)
    },
    SLOW_MS,
  )
})
