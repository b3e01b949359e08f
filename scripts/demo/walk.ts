import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'

const CAPABILITY = 'inventory'
const LOOK_MS = 500
const STEP_MS = 120_000
const LAST_STEP = 'soak'

/** What no part of the kit measures yet; each is said aloud where it is passed. */
const PASSED: Readonly<Record<string, string>> = {
  'contract-passed': 'the comparison that follows asks the service far more than a contract does',
  'reverse-path-proven': 'the way back is shown by the pre-flight on rows, and tried by no row of its own',
}

type Next = NonNullable<GuidedCapability['next']>
type Gate = Next['gates'][number]

/** How far the walk came. */
export interface Walk {
  readonly position: string
  readonly heldMs: number | undefined
  /** Why it went no further; absent when it reached the soak. */
  readonly stoppedBy?: string
}

/** Takes the inventory through the steps of the guide while shoppers buy, and tells each gate with its numbers. */
export async function walk(client: AdminClient, say: (line: string) => void): Promise<Walk> {
  let heldMs: number | undefined
  await markRare(client, say)
  for (;;) {
    const guided = await look(client)
    const { next } = guided
    if (next === undefined || guided.step?.step === LAST_STEP) return { position: showStep(guided), heldMs }
    say(`\nStep ${showStep({ step: next })}: ${next.title}`)
    const outcome = await takeStep(client, next, say)
    if (outcome.kind === 'stopped') {
      say(`  stays at ${showStep(guided)}: ${outcome.because}`)
      return { position: showStep(guided), heldMs, stoppedBy: outcome.because }
    }
    heldMs = outcome.heldMs ?? heldMs
  }
}

type Outcome =
  | { readonly kind: 'taken'; readonly heldMs: number | undefined }
  | { readonly kind: 'stopped'; readonly because: string }

/** Waits until the gates are open, gets the evidence that somebody must ask for, and takes the step. */
async function takeStep(
  client: AdminClient,
  { step, percent }: Next,
  say: (line: string) => void,
): Promise<Outcome> {
  const asked = new Map<string, number>()
  for (const deadline = Date.now() + STEP_MS; ; await delay(LOOK_MS)) {
    const { next } = await look(client)
    if (next === undefined || next.step !== step || next.percent !== percent)
      return { kind: 'stopped', because: 'somebody else has moved it' }
    const closed = next.gates.filter(({ state }) => state !== 'pass')
    const shut = closed.filter(({ id }) => PASSED[id] === undefined)
    if (shut.length === 0) return enter(client, next, say)
    await askFor(client, next.gates, { asked, say })
    if (Date.now() > deadline) {
      for (const gate of next.gates) say(tell(gate))
      return { kind: 'stopped', because: shut.map(({ id, reason }) => `${id}: ${reason}`).join(' ') }
    }
  }
}

async function enter(client: AdminClient, next: Next, say: (line: string) => void): Promise<Outcome> {
  const override = next.gates.filter(({ state }) => state !== 'pass').map(({ id }) => id)
  const { version } = await client.routes()
  try {
    const answer = await client.migrateNext({
      ...{ capability: CAPABILITY, expectedVersion: version, override },
      ...(next.step === 'choose' ? { profile: 'demo' } : {}),
      because: override.length === 0 ? 'the demo' : [...new Set(override.map((id) => PASSED[id]))].join('; '),
    })
    for (const gate of answer.gates) say(tell(gate))
    for (const id of override) say(`  ! ${id} is passed: ${PASSED[id]}`)
    if (answer.heldMs !== undefined)
      say(`  the service owns the inventory now; writes waited ${answer.heldMs} ms`)
    return { kind: 'taken', heldMs: answer.heldMs }
  } catch (error) {
    return { kind: 'stopped', because: error instanceof Error ? error.message : String(error) }
  }
}

interface Asking {
  /** By gate, when it may be asked for again. */
  readonly asked: Map<string, number>
  readonly say: (line: string) => void
}

const ASK_AGAIN_MS = 5_000

/** Evidence that comes only when it is asked for. */
async function askFor(client: AdminClient, gates: readonly Gate[], { asked, say }: Asking): Promise<void> {
  const isShut = (name: string) => gates.some(({ id, state }) => id === name && state !== 'pass')
  const isDue = (name: string) => {
    if (!isShut(name) || (asked.get(name) ?? 0) > Date.now()) return false
    asked.set(name, Date.now() + ASK_AGAIN_MS)
    return true
  }
  if (isDue('contract-recorded')) await record(client, say)
  if (!isShut('backfill-done') && isDue('verify-clean')) {
    const { started } = await client.verifySync({ capability: CAPABILITY })
    if (started) say('  comparing the rows of both sides …')
  }
  if (isDue('dry-run-done') || isDue('identities-fit')) {
    const { predictedMs, obstacles } = await client.rehearseCutover({ capability: CAPABILITY, to: 'service' })
    say(`  rehearsed the cut-over: writes would wait about ${predictedMs} ms`)
    for (const { reason } of obstacles) say(`  in its way: ${reason}`)
  }
}

async function record(client: AdminClient, say: (line: string) => void): Promise<void> {
  try {
    const { recorded } = await client.recordContract(CAPABILITY)
    say(`  recorded what the monolith answers at ${recorded?.endpoints ?? 0} endpoints`)
  } catch (error) {
    // Nothing was seen yet; it is asked for again.
    if ((error as { code?: string }).code !== 'STRANGLER_CONTRACT_UNKNOWN') throw error
  }
}

/** The shoppers use a part of the shop; what they never ask for must hold nothing up. */
async function markRare(client: AdminClient, say: (line: string) => void): Promise<void> {
  const { routes } = await client.routes()
  const own = routes.filter(({ capability }) => capability === CAPABILITY)
  const used = new Set(['GET /api/inventory', 'GET /api/inventory/:sku'])
  for (const { endpoint } of own.filter((one) => !used.has(one.endpoint))) {
    const { version } = await client.routes()
    await client.markRare({
      endpoint,
      expectedVersion: version,
      because: 'the demo’s shoppers do not use it',
    })
  }
  say(
    `${used.size} of ${own.length} endpoints of the inventory are used by the shoppers; the others are marked as rare`,
  )
}

async function look(client: AdminClient): Promise<GuidedCapability> {
  const [guided] = (await client.guide({ capability: CAPABILITY })).capabilities
  if (guided === undefined) throw new Error('The configuration has no inventory.')
  return guided
}

const MARK = { pass: '✓', fail: '✗', unknown: '?' } as const

function tell({ id, state, reason }: Gate): string {
  return `  ${MARK[state]} ${id}: ${reason}`
}

function showStep({ step }: { step?: { step: string; percent?: number | undefined } | undefined }): string {
  if (step === undefined) return 'the beginning'
  return step.percent === undefined ? step.step : `${step.step} ${step.percent} %`
}
