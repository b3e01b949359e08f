import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'
import type { StepId } from '../../strangler/core/guide-words.ts'
import { createGatherer, type Gatherer } from './gather-evidence.ts'
import { announceStep, type Say, showPosition, tellGates, tellLines, tellWayBack } from './narrate.ts'

const LOOK_MS = 400
const STEP_MS = 120_000

type Next = NonNullable<GuidedCapability['next']>

export interface WalkOptions {
  readonly client: AdminClient
  readonly capability: string
  /** The last step that is taken. */
  readonly until: StepId
  /** Endpoints that the shoppers use. What they never ask for must hold nothing up. */
  readonly used: readonly string[]
  /** Has the service checked against its contract where it answers nobody. */
  readonly verifyContract: () => Promise<string>
  /** What somebody does by hand before a step. */
  readonly before: Partial<Record<StepId, () => Promise<void>>>
  readonly say: Say
}

/** How far the walk came. */
export interface Walk {
  readonly position: string
  /** Why it went no further; absent when it came to its end. */
  readonly stoppedBy?: string
}

/** Takes a capability through the steps of the guide while shoppers buy, and tells each gate with its numbers. None is overridden. */
export async function walk(options: WalkOptions): Promise<Walk> {
  const { client, capability, until, say, before } = options
  await markRare(options)
  const gatherer = createGatherer(options)
  for (;;) {
    const guided = await look(client, capability)
    const { next, step } = guided
    const position = step === undefined ? 'the beginning' : showPosition(step)
    if (next === undefined || step?.step === until) return { position }
    announceStep(say, capability, next)
    await before[next.step]?.()
    const stoppedBy = await takeStep(options, next, gatherer)
    if (stoppedBy !== undefined) {
      tellLines(say, `It stays at ${position}. ${stoppedBy}`)
      return { position, stoppedBy }
    }
    tellWayBack(say, await look(client, capability))
  }
}

/** Waits until the gates are open, gets the evidence that somebody must ask for, and takes the step. @returns why it could not */
async function takeStep(
  { client, capability, say }: WalkOptions,
  { step, percent }: Next,
  gatherer: Gatherer,
): Promise<string | undefined> {
  for (const deadline = Date.now() + STEP_MS; ; await delay(LOOK_MS)) {
    const { next } = await look(client, capability)
    if (next === undefined || next.step !== step || next.percent !== percent)
      return 'Somebody else has moved it.'
    const shut = next.gates.filter(({ state }) => state !== 'pass')
    if (shut.length === 0) {
      const answer = await enter(client, capability, next)
      if ('refusal' in answer) return answer.refusal
      tellGates(say, answer.gates)
      if (answer.heldMs !== undefined)
        tellLines(
          say,
          `⇄ The service owns the ${capability} now. No write was refused; they waited ${answer.heldMs} ms at most.`,
        )
      return undefined
    }
    await gatherer.gather(next.gates)
    if (Date.now() < deadline) continue
    tellGates(say, next.gates)
    return shut.map(({ id, reason }) => `${id}: ${reason}`).join(' ')
  }
}

async function enter(client: AdminClient, capability: string, next: Next) {
  const { version } = await client.routes()
  try {
    return await client.migrateNext({
      ...{ capability, expectedVersion: version, because: 'the demo' },
      ...(next.step === 'choose' ? { profile: 'demo' } : {}),
    })
  } catch (error) {
    // A gate that has closed again since it was looked at is waited for like any other.
    return { refusal: error instanceof Error ? error.message : String(error) }
  }
}

async function markRare({ client, capability, used, say }: WalkOptions): Promise<void> {
  const { routes } = await client.routes()
  const own = routes.filter((route) => route.capability === capability)
  const idle = own.filter(({ endpoint }) => !used.includes(endpoint))
  for (const { endpoint } of idle) {
    const { version: expectedVersion } = await client.routes()
    const because = 'the demo’s shoppers do not use it'
    await client.markRare({ endpoint, expectedVersion, because })
  }
  tellLines(
    say,
    `\nThe shoppers use ${used.length} of the ${own.length} endpoints of the ${capability}; the others are marked as rare, so that nobody waits for them.`,
    '',
  )
}

export async function look(client: AdminClient, capability: string): Promise<GuidedCapability> {
  const [guided] = (await client.guide({ capability })).capabilities
  if (guided === undefined) throw new Error(`The configuration has no ${capability}.`)
  return guided
}
