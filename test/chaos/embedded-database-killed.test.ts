import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { type CountingSide, isAlive, type KitFolder, makeKitFolder, startSide } from './kit-stand.ts'

const ITEMS = 'GET /items/:id'

let sides: CountingSide[]
let kit: KitFolder

beforeEach(async () => {
  sides = [await startSide('monolith'), await startSide('items')]
  kit = await makeKitFolder({
    sides: { monolith: sides[0]?.url, items: sides[1]?.url },
    capabilities: { items: { endpoints: [ITEMS] } },
  })
})
afterEach(async () => {
  await removePostgresDirectory(join(kit.directory, 'postgres'))
  await kit.remove()
  await Promise.all(sides.map((side) => side.stop()))
})

/** The children of a process by their name (Linux). */
async function childrenOf(pid: number, name: string): Promise<number[]> {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(/\s+/).map(Number)
  const names = await Promise.all(
    pids.map(async (child) => (await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')).trim()),
  )
  return pids.filter((_, at) => names[at] === name)
}

describe('the embedded control database', () => {
  it('is started again when it is killed; toggles work again, and it ends with the kit', async () => {
    const running = await kit.start()
    const ask = async () => (await fetch(`${running.proxyUrl}/items/1`)).text()
    const [first = 0] = await childrenOf(running.pid, 'postgres')
    await running.admin.setRoute({ endpoint: ITEMS, mode: 'service', expectedVersion: 0 })
    await waitUntil(async () => (await ask()) === 'items', 'the toggle arrives')
    process.kill(first, 'SIGKILL')
    await waitUntil(async () => !(await isAlive(first)), 'it is dead')
    expect(await ask()).toBe('items')
    const flipBack = () => running.admin.setRoute({ endpoint: ITEMS, mode: 'monolith', expectedVersion: 1 })
    await waitUntil(
      () =>
        flipBack().then(
          () => true,
          () => false,
        ),
      'a toggle works again',
      20_000,
    )
    await waitUntil(async () => (await ask()) === 'monolith', 'it arrives', 10_000)
    const [second = 0] = await childrenOf(running.pid, 'postgres')
    expect(second).not.toBe(first)
    expect(await running.stop()).toBe(0)
    expect(await isAlive(second)).toBe(false)
  }, 90_000)
})
