import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'
import type { StepId } from '../../strangler/core/guide-words.ts'
import { createGatherer, type Gatherer } from './gather-evidence.ts'
import {
  announceStep,
  createWaitTeller,
  createWayBackTeller,
  longestHold,
  type Say,
  showPosition,
  tellGates,
  tellLines,
  tellUndoing,
  tellUndone,
} from './narrate.ts'
import { createHandWatcher, type HandWatcher } from './wait-for-hand.ts'

const LOOK_MS = 400
/** A gate that is closed on a busy machine opens when it has calmed down: its windows move on. */
const STEP_MS = 240_000

type Next = NonNullable<GuidedCapability['next']>

interface Helpers {
  readonly gatherer: Gatherer
  readonly hand: HandWatcher
}

export interface WalkOptions {
  readonly client: AdminClient
  readonly capability: string
  /** The last step that is taken. */
  readonly until: StepId
  /** Endpoints that the shoppers use. What they never ask for must hold nothing up. */
  readonly used: readonly string[]
  /** Has the service checked against its contract where it answers nobody. */
  readonly verifyContract: () => Promise<string>
  /** Whoever reads has been told before why each step is taken. */
  readonly isBrief: boolean
  /** Nobody is there who could take back what is set by hand: it is not waited for longer than for anything else. */
  readonly isAlone: boolean
  /** How long the gates of one step may stay closed. */
  readonly stepMs?: number
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
  await markRare(options)
  return walkOn(options)
}

/** The same, of a capability that has begun its way before. */
export async function walkOn(options: WalkOptions): Promise<Walk> {
  const { client, capability, until, say, before, isBrief } = options
  const helpers = { gatherer: createGatherer(options), hand: createHandWatcher(options) }
  const tellWayBack = createWayBackTeller(say)
  for (;;) {
    const guided = await look(client, capability)
    const { next, step } = guided
    const position = step === undefined ? 'the beginning' : showPosition(step)
    if (next === undefined || step?.step === until) return { position }
    announceStep(say, capability, { ...next, isBrief })
    await before[next.step]?.()
    const stoppedBy = await takeStep(options, next, helpers)
    if (stoppedBy !== undefined) {
      tellLines(say, `It stays at ${position}. ${stoppedBy}`)
      return { position, stoppedBy }
    }
    tellWayBack(await look(client, capability))
  }
}

/** Waits until the gates are open, gets the evidence that somebody must ask for, and takes the step. @returns why it could not */
async function takeStep(options: WalkOptions, wanted: Next, helpers: Helpers): Promise<string | undefined> {
  const { isAlone, stepMs = STEP_MS } = options
  let why = ''
  const tellWait = createWaitTeller(options.say)
  for (let deadline = Date.now() + stepMs; Date.now() < deadline; await delay(LOOK_MS)) {
    try {
      const turn = await takeTurn(options, wanted, helpers)
      if (turn === 'taken') return undefined
      if (turn === 'gone') return 'Somebody else has moved it.'
      // The time is for the gates; a person takes his own.
      if (turn.isHeld && !isAlone) deadline = Date.now() + stepMs
      if (!turn.isHeld) tellWait(turn.shut)
      why = turn.shut.map(({ id, reason }) => `${id}: ${reason}`).join(' ')
    } catch (error) {
      if (!isPassing(error)) throw error
      why = error.message
      tellUndoing(options.say, error)
    }
  }
  const { next } = await look(options.client, options.capability)
  if (next !== undefined) tellGates(options.say, next.gates)
  return why
}

const shutOf = ({ gates }: Pick<Next, 'gates'>) => gates.filter(({ state }) => state !== 'pass')

interface Closed {
  readonly shut: Next['gates']
  /** By what somebody has set by hand. */
  readonly isHeld: boolean
}

async function takeTurn(
  { client, capability, say }: WalkOptions,
  { step, percent }: Next,
  { gatherer, hand }: Helpers,
): Promise<'taken' | 'gone' | Closed> {
  const { next } = await look(client, capability)
  if (next === undefined || next.step !== step || next.percent !== percent) return 'gone'
  const isHeld = await hand.isHeld(next.gates)
  if (shutOf(next).length > 0) {
    await gatherer.gather(next.gates)
    // What was gathered may have taken long, and opened what was shut.
    return { shut: shutOf((await look(client, capability)).next ?? next), isHeld }
  }
  const { version } = await client.routes()
  const order = { capability, expectedVersion: version, because: 'the demo' }
  // What has no way back has a command of its own.
  const answer =
    step === 'retire'
      ? await client.retire(order)
      : await client.migrateNext({ ...order, ...(step === 'choose' ? { profile: 'demo' } : {}) })
  tellGates(say, answer.gates)
  if (answer.heldMs !== undefined)
    tellLines(
      say,
      `⇄ The service owns the ${capability} now. No write was refused; they waited ${longestHold(answer)} ms at most.`,
    )
  tellUndone(say, answer.undoneMs)
  return 'taken'
}

/** What is otherwise a moment later: a gate that has closed again, a busy machine, a cut-over that has undone itself. */
const PASSING = new Set([
  'STRANGLER_GATE_CLOSED',
  'STRANGLER_VERSION_CONFLICT',
  'STRANGLER_CUTOVER_REFUSED',
  'STRANGLER_CUTOVER_UNDONE',
  'STRANGLER_SYNC_DATABASE_UNREACHABLE',
  'STRANGLER_ADMIN_UNREACHABLE',
])

export function isPassing(error: unknown): error is Error {
  return error instanceof Error && PASSING.has((error as { code?: string }).code ?? '')
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
