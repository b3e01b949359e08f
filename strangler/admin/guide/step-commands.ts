import { randomBytes } from 'node:crypto'
import type { GateResult, Position } from '../../core/guide-words.ts'
import type { JournalEvent, RouteState } from '../../core/words.ts'
import { checkGates, isAhead, nextPosition, sharePosition, stepOf } from '../../guide/plan.ts'
import type { GuideSnapshot } from '../../guide/snapshot.ts'
import { checkCapability } from '../check-capability.ts'
import { type AdminContext, type Author, appendDecision, standAt } from '../present-state.ts'
import { appendStart } from '../sync-commands.ts'
import { toPlain } from './describe-guide.ts'
import { gatherSnapshot, sourcesOf } from './gather-snapshot.ts'
import type { NextCommand, RetireCommand, StepAnswer } from './migrate-contracts.ts'
import { moveOwnership } from './move-ownership.ts'
import { gateClosed, refused, retiredAlready } from './refuse-step.ts'

/** Takes the next step, if its gates let it. */
export async function takeNext(
  context: AdminContext,
  command: NextCommand,
  author: Author,
): Promise<StepAnswer> {
  const { capability, expectedVersion } = command
  const { snapshot, state } = await standAtStep(context, command)
  const position =
    command.percent === undefined ? nextPosition(snapshot) : findShare(snapshot, command.percent)
  if (position === undefined) throw retiredAlready(capability)
  if (command.only !== undefined && position.step !== command.only)
    throw refused(capability, `The next step is ${position.step}, not ${command.only}.`)
  if (position.step === 'retire')
    throw refused(
      capability,
      'The next step has no way back, so it has a command of its own.',
      `\`strangler migrate ${capability} retire\``,
    )
  const taken = { position, ...passGates(snapshot, { position, override: command.override, author }) }
  if (position.step === 'cutover' && snapshot.hasTables) {
    const { version, ...held } = await moveOwnership(context, {
      ...{ capability, to: 'service', expectedVersion, author },
    })
    // The stage has followed the ownership already; this line keeps what the gates said.
    const told = await appendDecision(context, enterEvent(snapshot, state, taken), {
      expectedVersion: version,
      author,
    })
    return { ...told, capability, ...taken, ...held }
  }
  const version =
    position.step === 'sync' ? await beginSync(context, { command, state, author }) : expectedVersion
  const event = enterEvent(snapshot, state, taken)
  const answer = await appendDecision(context, event, { expectedVersion: version, author })
  return { ...answer, capability, ...taken }
}

function findShare(snapshot: GuideSnapshot, percent: number): Position {
  const position = sharePosition(snapshot, percent)
  if (position !== undefined && isAhead(snapshot, position)) return position
  throw refused(
    snapshot.capability,
    `No step leads to ${percent} % of the users from where it stands.`,
    `The profile ${snapshot.profile.name} has ${snapshot.profile.canarySteps.join(', ')} %, after shadowing.`,
  )
}

interface StepPosition {
  readonly snapshot: GuideSnapshot
  readonly state: RouteState
}

/** The evidence at exactly the version that the command expects, and nothing under way. */
export async function standAtStep(
  context: AdminContext,
  { capability, expectedVersion, profile }: Pick<NextCommand, 'capability' | 'expectedVersion' | 'profile'>,
): Promise<StepPosition> {
  checkCapability(context, capability)
  const position = await standAt(context, expectedVersion)
  const { state } = position
  if (state.cutovers?.[capability] !== undefined)
    throw refused(capability, 'It is being cut over.', 'Wait some seconds, and look again.')
  const chosen = state.migrations?.[capability]
  if (profile === 'demo' && !context.config.demo) {
    throw refused(
      capability,
      'The gate profile demo has windows that are too short and bounds that are too wide for real users.',
      'Leave `--profile` out; only a configuration with `demo: true` may use it.',
    )
  }
  if (profile !== undefined && chosen !== undefined && chosen.profile !== profile)
    throw refused(capability, `It has begun with the profile ${chosen.profile}.`, 'Leave `--profile` out.')
  return { snapshot: await gatherSnapshot(context, { capability, position, profile }), state }
}

/**
 * What the gates say, when all are open or overridden.
 * @throws StranglerError STRANGLER_GATE_CLOSED with `details.gates`
 */
export function passGates(
  snapshot: GuideSnapshot,
  { position, override, author }: { position: Position; override: RetireCommand['override']; author: Author },
): { gates: ReturnType<typeof toPlain>[]; overridden: string[] } {
  const { capability } = snapshot
  if (override.length > 0 && author.because === undefined)
    throw refused(capability, 'Whoever passes a closed gate says why.', 'Add `--because "…"`.')
  const gates = checkGates(position, snapshot).map(toPlain)
  const names = new Set(gates.map(({ id }) => id))
  const unknown = override.find((id) => !names.has(id))
  if (unknown !== undefined)
    throw refused(
      capability,
      `The step ${position.step} has no gate ${unknown}.`,
      `It has ${[...names].join(', ')}.`,
    )
  const closed = gates.filter(({ state }) => state !== 'pass')
  const shut = closed.filter(({ id }) => !override.includes(id))
  if (shut.length > 0) throw gateClosed(capability, position, shut)
  return { gates, overridden: closed.map(({ id }) => id) }
}

interface Taken {
  readonly position: Position
  readonly gates: readonly GateResult[]
  readonly overridden?: readonly string[]
  readonly back?: true
}

/** The line that enters a step. The first canary of a capability brings the salt of its buckets. */
export function enterEvent(
  { capability, profile, basis }: GuideSnapshot,
  state: RouteState,
  { position, gates, overridden = [], back }: Taken,
): Extract<JournalEvent, { kind: 'stage.entered' }> {
  const isFirstCanary = position.step === 'canary' && state.salts[capability] === undefined
  return {
    ...{ kind: 'stage.entered', capability, ...position, stage: stepOf(position.step).stage },
    ...{ profile: profile.name, gates },
    ...(overridden.length === 0 ? {} : { overridden }),
    ...(back === undefined ? {} : { back }),
    ...(basis === undefined ? {} : { basis }),
    ...(isFirstCanary ? { salt: randomBytes(8).toString('hex') } : {}),
  }
}

/** Databases first, journal then, as `sync install` does; one that runs already stays. @returns the version it left the journal at */
async function beginSync(
  context: AdminContext,
  { command, state, author }: { command: NextCommand; state: RouteState; author: Author },
): Promise<number> {
  const { capability, expectedVersion } = command
  const order = state.syncs?.[capability]
  if (order?.backfill === true || order?.whole === true) return expectedVersion
  const { sync } = context
  if (sync === undefined)
    throw refused(capability, 'This process has no data sync.', 'Ask the admin API of `strangler start`.')
  const epoch = expectedVersion + 1
  await sync.install(capability, { epoch })
  sourcesOf(context).findings.forget(capability)
  const event: JournalEvent = { kind: 'sync.started', capability, epoch, backfill: true }
  return (await appendStart(context, event, { expectedVersion, author })).version
}
