import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { openControlDatabase } from '../../strangler/state/control-database.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type CountingSide, type KitFolder, makeKitFolder, startSide } from './kit-stand.ts'

const SLOW_MS = 60_000
const [capability, cutoverId] = ['stock', 'c']
const MOVED: readonly JournalEvent[] = [
  { kind: 'sync.started', capability, epoch: 1, backfill: true },
  { kind: 'cutover.started', capability, cutoverId, to: 'service', expiresAt: 0 },
  { kind: 'owner.changed', capability, owner: 'service', epoch: 3, cutoverId },
  { kind: 'hold.released', capability, holdId: cutoverId },
]

let control: TestDatabase
let sides: CountingSide[]
let folders: KitFolder[]

beforeEach(async () => {
  control = await createTestDatabase('unconfigured')
  sides = [await startSide('monolith'), await startSide('service')]
  folders = []
}, SLOW_MS)
afterEach(async () => {
  await Promise.all(folders.map((folder) => folder.remove()))
  await Promise.all(sides.map((side) => side.stop()))
  await control.drop()
}, SLOW_MS)

async function makeFolder(name: string): Promise<KitFolder> {
  const folder = await makeKitFolder({
    sides: { monolith: sides[0]?.url, shop: sides[1]?.url },
    capabilities: { [name]: { service: 'shop', tables: ['stock'], endpoints: ['PUT /stock/:id'] } },
    control: { url: control.url },
  })
  folders.push(folder)
  return folder
}

async function moveOwnership(): Promise<void> {
  const database = await openControlDatabase(control.url)
  try {
    for (const [version, event] of MOVED.entries())
      await database.journal.append({ event, by: 'test', expectedVersion: version })
  } finally {
    await database.stop()
  }
}

describe('a configuration in which a capability that the service owns has another name', () => {
  it.each(['all', 'proxy', 'admin'])(
    'keeps a process of the role %s from starting, and it says which name is missing',
    async (role) => {
      await moveOwnership()
      const folder = await makeFolder('warehouse')
      await expect(folder.start(['--role', role])).rejects.toThrow(
        /STRANGLER_OWNER_NOT_CONFIGURED.*`capabilities\.stock`/,
      )
      expect(sides[0]?.bodies.size).toBe(0)
    },
    SLOW_MS,
  )

  it(
    'makes a proxy that runs already unready when the ownership moves, and leaves one that knows it ready',
    async () => {
      const stranger = await (await makeFolder('warehouse')).start()
      const known = await (await makeFolder('stock')).start()
      const readiness = async (url: string) => (await fetch(`${url}/readyz`)).status
      expect(await readiness(stranger.adminUrl)).toBe(200)
      await moveOwnership()
      await waitUntil(
        async () => (await readiness(stranger.adminUrl)) === 503,
        'it knows that it may not serve',
      )
      expect(await readiness(known.adminUrl)).toBe(200)
    },
    SLOW_MS,
  )
})
