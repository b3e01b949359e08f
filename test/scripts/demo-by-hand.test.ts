import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { beginAnew } from '../../scripts/demo/begin-anew.ts'
import { walk } from '../../scripts/demo/walk.ts'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'
import { claimName } from '../../strangler/infra/claim-name.ts'

const ENDPOINT = 'GET /api/inventory/:sku'
const STEP_MS = 600

/** A kit in which an endpoint is set by hand until the guide was asked so often; then the next step can be taken. */
function createKit(heldLooks: number): AdminClient {
  let looks = 0
  let taken = false
  const isHeld = () => looks < heldLooks
  const guide = async () => {
    looks += 1
    const gate = { id: 'no-overrides', reason: 'one', evidence: {}, fix: '' }
    const gates = [{ ...gate, state: isHeld() ? 'fail' : 'pass' }]
    const next = taken ? undefined : { step: 'shadow', title: 'Shadow', why: 'Why.', gates }
    const guided = { capability: 'inventory', step: { step: taken ? 'shadow' : 'sync' }, undo: {}, next }
    return { capabilities: [guided as unknown as GuidedCapability] }
  }
  const routes = async () => {
    const override = isHeld() ? { by: 'anna' } : undefined
    return {
      version: 1,
      routes: [{ endpoint: ENDPOINT, capability: 'inventory', setting: { mode: 'service' }, override }],
    }
  }
  const migrateNext = async () => {
    taken = true
    return { gates: [] }
  }
  return { guide, routes, migrateNext } as unknown as AdminClient
}

async function takeStep(heldLooks: number, isAlone: boolean) {
  const said: string[] = []
  const walked = await walk({
    ...{ client: createKit(heldLooks), capability: 'inventory', until: 'shadow', isAlone, stepMs: STEP_MS },
    ...{ used: [ENDPOINT], isBrief: true, before: {}, verifyContract: async () => '' },
    say: (line) => said.push(line),
  })
  return { walked, said: said.join('\n') }
}

test('what is set by hand is named once with the command that takes it back, waited for, and then the step is taken', async () => {
  const { walked, said } = await takeStep(8, false)
  expect(walked).toEqual({ position: 'shadow' })
  expect(said.split(`${ENDPOINT} is service: npx strangler route clear "${ENDPOINT}"`)).toHaveLength(2)
  expect(said).toContain('it goes on')
}, 30_000)

test('where nobody looks on, it is not waited for longer than for any gate', async () => {
  const { walked } = await takeStep(Number.POSITIVE_INFINITY, true)
  expect(walked).toMatchObject({ position: 'sync', stoppedBy: expect.stringContaining('no-overrides') })
}, 30_000)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'strangler-anew-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('--fresh removes all that a demo has left but its claim, and nothing of a folder that never held one', async () => {
  await writeFile(path.join(folder, 'mine.txt'), 'x')
  expect(await beginAnew(folder)).toBe(false)
  expect(await readdir(folder)).toEqual(['mine.txt'])
  await mkdir(path.join(folder, 'shop-postgres', 'data'), { recursive: true })
  await writeFile(path.join(folder, 'demo.pid'), '1')
  expect(await beginAnew(folder)).toBe(true)
  expect(await readdir(folder)).toEqual(['demo.pid'])
})

test('--fresh is refused while a kit runs from the folder', async () => {
  await mkdir(path.join(folder, 'shop-postgres'))
  const release = await claimName(folder, 'main')
  await expect(beginAnew(folder)).rejects.toMatchObject({ code: 'STRANGLER_NAME_IN_USE' })
  expect(existsSync(path.join(folder, 'shop-postgres'))).toBe(true)
  await release()
})
