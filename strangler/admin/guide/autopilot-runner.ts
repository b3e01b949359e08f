import { StranglerError } from '../../core/errors.ts'
import type { ReportError, Stoppable } from '../../core/ports.ts'
import type { AutopilotOrder } from '../../core/words.ts'
import { type AutopilotMove, decideMove } from '../../guide/autopilot.ts'
import type { GuideSnapshot } from '../../guide/snapshot.ts'
import { rehearseCutover } from '../cutover-commands.ts'
import { type AdminContext, type Author, appendDecision, type Position, standNow } from '../present-state.ts'
import { gatherSnapshot } from './gather-snapshot.ts'
import { retireCapability } from './retire-command.ts'
import { enterEvent, takeNext } from './step-commands.ts'

const EVERY_MS = 1_000

export interface AutopilotOptions {
  readonly context: AdminContext
  /** A person is called. */
  readonly onCall: (capability: string, reason: string) => void
  readonly report: ReportError
  /** Default 1,000. */
  readonly everyMs?: number
}

/** Takes the steps of every capability whose autopilot the journal has on. In several processes the journal lets one be the first. */
export function startAutopilot(options: AutopilotOptions): Stoppable {
  const { context, everyMs = EVERY_MS, report } = options
  const called = new Map<string, string>()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let turning = Promise.resolve()

  async function turn(): Promise<void> {
    for (const capability of Object.keys(context.currentState().autopilots ?? {})) {
      try {
        const call = await takeTurn(context, capability)
        if (call !== undefined && called.get(capability) !== call) options.onCall(capability, call)
        called.set(capability, call ?? '')
      } catch (error) {
        if (!isNormal(error)) report('autopilot', error)
      }
    }
  }
  const next = () => {
    turning = turn().finally(() => {
      if (!stopped) timer = setTimeout(next, everyMs).unref()
    })
  }
  timer = setTimeout(next, everyMs).unref()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await turning
    },
  }
}

/** Somebody was faster, or a gate has closed since it was looked at. */
function isNormal(error: unknown): boolean {
  const code = error instanceof StranglerError ? error.code : undefined
  return (
    code === 'STRANGLER_VERSION_CONFLICT' ||
    code === 'STRANGLER_GATE_CLOSED' ||
    code === 'STRANGLER_CONTROL_DATABASE_UNREACHABLE'
  )
}

/** One look and at most one decision. @returns why a person is called */
async function takeTurn(context: AdminContext, capability: string): Promise<string | undefined> {
  const position = await standNow(context)
  const order = position.state.autopilots?.[capability]
  if (order === undefined || position.state.cutovers?.[capability] !== undefined) return undefined
  const snapshot = await gatherSnapshot(context, { capability, position })
  const move = decideMove(snapshot, order)
  await carryOut(context, { capability, position, snapshot, order, move })
  return move.kind === 'call' ? move.reason : undefined
}

interface Turn {
  readonly capability: string
  readonly position: Position
  readonly snapshot: GuideSnapshot
  readonly order: AutopilotOrder
  readonly move: AutopilotMove
}

const author = (because: string): Author => ({ role: 'operator', as: 'autopilot', because })

async function carryOut(context: AdminContext, turn: Turn): Promise<void> {
  const { capability, move } = turn
  const expectedVersion = turn.position.state.version
  switch (move.kind) {
    case 'next': {
      const command = { capability, expectedVersion, override: [] }
      if (move.position.step === 'retire')
        await retireCapability(context, command, author('every gate is open'))
      else await takeNext(context, command, author('every gate is open'))
      return
    }
    case 'hold':
      return fetchEvidence(
        context,
        turn,
        move.gates.filter(({ state }) => state === 'unknown').map(({ id }) => id),
      )
    case 'back':
      return retreat(context, turn, move)
    case 'done': {
      const event = { kind: 'autopilot.stopped', capability } as const
      await appendDecision(context, event, { expectedVersion, author: author('the last step is taken') })
      return
    }
    case 'call':
  }
}

/** Back with the evidence, and off: whether the next build is better a person decides. */
async function retreat(
  context: AdminContext,
  { capability, position, snapshot }: Turn,
  { position: to, reason, gates }: Extract<AutopilotMove, { kind: 'back' }>,
): Promise<void> {
  const { state } = position
  const event = enterEvent(snapshot, state, { position: to, gates, back: true })
  const answer = await appendDecision(context, event, {
    expectedVersion: state.version,
    author: author(reason),
  })
  await appendDecision(
    context,
    { kind: 'autopilot.stopped', capability },
    {
      expectedVersion: answer.version,
      author: author(`It has gone back: ${reason}`),
    },
  )
}

/** What comes only when it is asked for: a comparison of all rows, and a rehearsal. */
async function fetchEvidence(
  context: AdminContext,
  { capability, position, snapshot }: Turn,
  closed: readonly string[],
): Promise<void> {
  const order = position.state.syncs?.[capability]
  const isReady = order?.state === 'running' && snapshot.data?.backfillDone === true
  // One that runs already is not begun again.
  if (closed.includes('verify-clean') && isReady) await context.sync?.verify(capability, order)
  if (closed.includes('dry-run-done') && context.rollout !== undefined)
    await rehearseCutover(context, { capability, to: 'service' })
}
