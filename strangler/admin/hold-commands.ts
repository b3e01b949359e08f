import { randomBytes } from 'node:crypto'
import { StranglerError } from '../core/errors.ts'
import type { Cutover, Hold, JournalEvent, Registration, RouteState } from '../core/words.ts'
import { checkCapability } from './check-capability.ts'
import type { ChangeHoldCommand, CommandAnswer, HoldsAnswer, StartHoldCommand } from './contracts.ts'
import { type AdminContext, type Author, appendDecision, findPosition, standAt } from './present-state.ts'

/** Begins to hold the writes of a capability in every proxy. */
export async function startHold(
  context: AdminContext,
  command: StartHoldCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { capability, expectedVersion } = command
  checkCapability(context, capability)
  const { state } = await standAt(context, expectedVersion)
  const present = state.holds[capability]
  if (present !== undefined) {
    refuseCutovers(state, present)
    throw holdConflict(
      `The writes of ${capability} are held already (${present.id}, ${present.phase}).`,
      `\`strangler hold abort ${capability}\` ends that hold.`,
    )
  }
  const forMs = command.forMs ?? context.config.hold.maxWaitMs
  const holdId = `hold-${randomBytes(6).toString('hex')}`
  const event: JournalEvent = { kind: 'hold.started', capability, holdId, expiresAt: context.clock() + forMs }
  return appendDecision(context, event, { expectedVersion, author })
}

/** From here on an expired hold no longer goes to the old owner: the journal must say who owns. */
export async function fenceHold(
  context: AdminContext,
  command: ChangeHoldCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { state } = await standAt(context, command.expectedVersion)
  const hold = findHold(context, state, command.capability)
  refuseCutovers(state, hold)
  if (hold.phase === 'fenced') return { version: state.version, changed: false }
  if (hold.expiresAt <= context.clock()) {
    throw holdConflict(
      `The hold ${hold.id} of ${hold.capability} has expired, so proxies have let its writes go to the old owner; a fence would come too late.`,
      `\`strangler hold abort ${hold.capability}\`, then start again.`,
    )
  }
  const event: JournalEvent = { kind: 'hold.fenced', capability: hold.capability, holdId: hold.id }
  return appendDecision(context, event, { expectedVersion: command.expectedVersion, author })
}

/** Ends a hold; the held writes go on by the table of that moment. */
export async function endHold(
  context: AdminContext,
  command: ChangeHoldCommand & { readonly kind: 'hold.released' | 'hold.aborted' },
  author: Author,
): Promise<CommandAnswer> {
  const { state } = await standAt(context, command.expectedVersion)
  const hold = findHold(context, state, command.capability)
  refuseCutovers(state, hold)
  const event: JournalEvent = { kind: command.kind, capability: hold.capability, holdId: hold.id }
  return appendDecision(context, event, { expectedVersion: command.expectedVersion, author })
}

/** Every open hold, and which registered proxies and workers have no write of it in flight. */
export async function listHolds(context: AdminContext): Promise<HoldsAnswer> {
  const [{ state }, registrations] = await Promise.all([findPosition(context), context.registrations.list()])
  const holds = Object.values(state.holds).map(({ id, capability, phase, expiresAt }) => {
    // The work of other capabilities goes on.
    const awaited = registrations.filter((one) => one.kind === 'proxy' || one.capability === capability)
    const hasAcknowledged = (one: Registration) => one.holdsAcknowledged.includes(id)
    return {
      id,
      capability,
      phase,
      expiresAt: new Date(expiresAt).toISOString(),
      isExpired: expiresAt <= context.clock(),
      acknowledgedBy: awaited.filter(hasAcknowledged).map((one) => one.id),
      waitingFor: awaited.filter((one) => !hasAcknowledged(one)).map((one) => one.id),
    }
  })
  return { version: state.version, holds }
}

function findHold(context: AdminContext, state: RouteState, capability: string): Hold {
  checkCapability(context, capability)
  const hold = state.holds[capability]
  if (hold !== undefined) return hold
  throw holdConflict(
    `The writes of ${capability} are not held.`,
    `\`strangler hold start ${capability}\` begins a hold.`,
  )
}

const DOINGS = {
  started: 'is under way',
  undoing: 'is being undone',
  decided: 'is decided, and whose new owner is being opened',
} satisfies Record<Cutover['phase'], string>

/** Ended before the guards are where they belong, it would let writes through to tables that take none, and nobody would open them any more. */
function refuseCutovers(state: RouteState, { id, capability }: Hold): void {
  const cutover = state.cutovers?.[capability]
  if (cutover?.id !== id) return
  throw holdConflict(
    `The hold ${id} of ${capability} belongs to a cut-over that ${DOINGS[cutover.phase]}: it ends by itself when its guards are open.`,
    `Both databases have to answer for that. \`strangler hold status\` shows whether it is over, \`strangler migrate ${capability} status\` who owns.`,
  )
}

function holdConflict(found: string, fix: string): StranglerError {
  return new StranglerError('STRANGLER_HOLD_CONFLICT', found, { fix })
}
