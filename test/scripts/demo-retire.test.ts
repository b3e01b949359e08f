import { expect, test } from 'vitest'
import { showRetirement } from '../../scripts/demo/retire.ts'
import { walkOn } from '../../scripts/demo/walk.ts'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'

const GATE = { evidence: {}, fix: '' }
const OPEN = { ...GATE, id: 'no-caller', state: 'pass', reason: 'The monolith has answered no request.' }
const SHUT = { ...GATE, id: 'no-statement', state: 'unknown', reason: 'It is not counted yet.' }

/** A kit whose inventory has soaked; what was asked of it is written down. */
function createKit(gates: readonly object[]) {
  const asked: string[] = []
  let isRetired = false
  const guide = async () => {
    const next = { step: 'retire', title: 'Retire the old side', why: 'Why.', gates }
    const step = { step: isRetired ? 'retire' : 'soak' }
    return {
      capabilities: [{ capability: 'inventory', step, undo: {}, ...(isRetired ? {} : { next }) }],
    }
  }
  const note = (what: string) => async () => {
    asked.push(what)
    if (what === 'retire') isRetired = true
    return { gates }
  }
  const client = {
    guide,
    routes: async () => ({ version: 1, routes: [] }),
    retire: note('retire'),
    migrateNext: note('next'),
    rehearseRetirement: note('rehearsal'),
  }
  return { asked, client: client as unknown as AdminClient }
}

const walkTo = (client: AdminClient) =>
  walkOn({
    ...{ client, capability: 'inventory', until: 'retire', isAlone: true, stepMs: 600, used: [] },
    ...{ isBrief: true, before: {}, verifyContract: async () => '', say: () => undefined },
  })

test('the last step is taken by its own command, once its gates are open', async () => {
  const open = createKit([OPEN])
  expect(await walkTo(open.client)).toEqual({ position: 'retire' })
  expect(open.asked).toEqual(['retire'])
})

test('the last step is not taken while one of its gates is shut', async () => {
  const shut = createKit([OPEN, SHUT])
  expect(await walkTo(shut.client)).toMatchObject({
    position: 'soak',
    stoppedBy: 'no-statement: It is not counted yet.',
  })
  expect(shut.asked).toEqual([])
})

test('where somebody looks on, the gates of the last step are shown with its command, and it is left to him', async () => {
  const { asked, client } = createKit([OPEN, SHUT])
  const lines: string[] = []
  await showRetirement(client, (line) => void lines.push(line.trim()))
  const said = lines.join(' ')
  expect(asked).toEqual(['rehearsal'])
  expect(said).toContain('step 9 of 9 · retire')
  expect(said).toContain('npx strangler migrate inventory retire --dry-run')
  expect(said).toContain('? no-statement')
  expect(said).toContain('nothing leads back from it')
  expect(said).toContain('take it: npx strangler migrate inventory retire --because')
})
