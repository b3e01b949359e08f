import { StranglerError } from '../core/errors.ts'
import type { JournalEvent, RouteState, SyncOrder } from '../core/words.ts'
import { ownerOf } from '../routing/fold-cutover.ts'
import type { SyncControl } from '../sync/sync-control.ts'
import { checkCapability } from './check-capability.ts'
import type { CommandAnswer } from './contracts.ts'
import { type AdminContext, type Author, appendDecision, standAt } from './present-state.ts'
import type { SyncCommand, SyncInstallation, SyncUninstallation } from './sync-contracts.ts'

/**
 * Databases first, journal then: what the journal says must be there. When the journal has moved on meanwhile the command can be
 * repeated; what is installed stays, since somebody else may have installed it at the same time.
 * @throws StranglerError STRANGLER_SYNC_CONFLICT when the capability is retired: it would carry the service's rows into tables that nobody needs any more
 */
export async function installSync(
  context: AdminContext,
  command: SyncInstallation,
  author: Author,
): Promise<CommandAnswer> {
  const { capability, expectedVersion, takeOver = false } = command
  const { control, order, start, state, version } = await standAtSync(context, command)
  if (isRetired(state, capability)) throw retired(capability)
  await control.install(capability, start, { takeOver })
  // Also where it runs already: a table or a trigger may have been missing.
  if (order !== undefined) return { version, changed: false }
  return appendStart(context, start, { expectedVersion, author })
}

/**
 * The line of a sync whose triggers are in the databases by now.
 * @throws StranglerError STRANGLER_VERSION_CONFLICT that names what is left there
 */
export async function appendStart(
  context: AdminContext,
  event: SyncPosition['start'],
  decision: { expectedVersion: number; author: Author },
): Promise<CommandAnswer> {
  try {
    return await appendDecision(context, event, decision)
  } catch (error) {
    if (!(error instanceof StranglerError) || error.code !== 'STRANGLER_VERSION_CONFLICT') throw error
    const { capability } = event
    throw new StranglerError(
      error.code,
      `${error.message} The triggers of ${capability} are in both databases by now, and no sync reads what they write down.`,
      {
        fix: `Look again, and repeat the command; or take them out: \`strangler sync uninstall ${capability}\`.`,
        cause: error,
        ...(error.details === undefined ? {} : { details: error.details }),
      },
    )
  }
}

/** Copies every row anew, in an epoch of its own. */
export async function backfillSync(
  context: AdminContext,
  command: SyncCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { expectedVersion } = command
  const { order, start, state } = await standAtSync(context, command)
  if (order === undefined) throw notInstalled(state, command.capability)
  const event: JournalEvent = { ...start, backfill: true }
  return appendDecision(context, event, { expectedVersion, author })
}

export async function pauseSync(
  context: AdminContext,
  command: SyncCommand & { readonly kind: 'sync.paused' | 'sync.resumed' },
  author: Author,
): Promise<CommandAnswer> {
  const { capability, expectedVersion, kind } = command
  const { order, state, version } = await standAtSync(context, command)
  if (order === undefined) throw notInstalled(state, capability)
  const isSo = order.state === (kind === 'sync.paused' ? 'paused' : 'running')
  if (isSo) return { version, changed: false }
  return appendDecision(context, { kind, capability }, { expectedVersion, author })
}

/**
 * Journal first, so that every process stops; when the databases fail then, the command can be repeated.
 * @throws StranglerError STRANGLER_SYNC_CONFLICT while the service owns and has not retired the monolith's side
 */
export async function uninstallSync(
  context: AdminContext,
  command: SyncUninstallation,
  author: Author,
): Promise<CommandAnswer> {
  const { capability, expectedVersion } = command
  const { control, order, state, version } = await standAtSync(context, command)
  // What has ended may be repeated: its databases did not answer.
  if (order !== undefined) keepUnderOwner(state, command, author)
  const answer =
    order === undefined
      ? { version, changed: false }
      : await appendDecision(context, { kind: 'sync.ended', capability }, { expectedVersion, author })
  try {
    await control.uninstall(capability)
  } catch (error) {
    throw leftIn(capability, error)
  }
  return answer
}

/** Whoever reads that a database is away does not see that the sync has ended all the same. */
function leftIn(capability: string, error: unknown): unknown {
  if (!(error instanceof StranglerError) || error.code !== 'STRANGLER_SYNC_DATABASE_UNREACHABLE') return error
  return new StranglerError(
    error.code,
    `${error.message} The sync of ${capability} has ended, and what it has made is not all taken out of its databases: triggers go on writing down what nobody reads.`,
    {
      fix: `Start it, or see what is between; then \`strangler sync uninstall ${capability}\` once more takes out the rest.`,
      cause: error,
    },
  )
}

/** Nobody who cleans up means to close the way back, and to let the monolith write rows that no longer count. */
function keepUnderOwner(
  state: RouteState,
  { capability, unsafe = false }: SyncUninstallation,
  { because }: Author,
): void {
  const migration = state.migrations?.[capability]
  if (ownerOf(state, capability) !== 'service' || isRetired(state, capability)) return
  if (unsafe && because !== undefined) return
  const back =
    migration === undefined
      ? 'A cut-over back (`POST /api/cutover`, `to` the monolith)'
      : `\`strangler migrate ${capability} back\``
  const retire =
    migration === undefined
      ? ''
      : ` \`strangler migrate ${capability} retire\` takes it out when the monolith’s side is not needed any more.`
  throw new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    `The service owns ${capability}: without its sync no change reaches the monolith, so the way back is closed, and the monolith’s tables take writes again that nobody carries.`,
    {
      fix: `${back} gives the ownership back; after that it can be uninstalled.${retire} Where neither is wanted: \`strangler sync uninstall ${capability} --unsafe --because "…"\`.`,
    },
  )
}

interface SyncPosition {
  readonly control: SyncControl
  readonly order: SyncOrder | undefined
  /** The line that would begin another epoch now, from the owner to the other side. */
  readonly start: Extract<JournalEvent, { kind: 'sync.started' }>
  readonly state: RouteState
  readonly version: number
}

async function standAtSync(context: AdminContext, command: SyncCommand): Promise<SyncPosition> {
  const { capability, expectedVersion } = command
  const control = findSync(context, capability)
  const { state } = await standAt(context, expectedVersion)
  if (state.cutovers?.[capability] !== undefined) throw cuttingOver(capability)
  return {
    control,
    order: state.syncs?.[capability],
    start: startEvent(state, command),
    state,
    version: state.version,
  }
}

/** A cut-over stands on this very epoch. */
function cuttingOver(capability: string): StranglerError {
  return new StranglerError('STRANGLER_SYNC_CONFLICT', `${capability} is being cut over.`, {
    fix: `Wait some seconds; \`strangler hold status\` says when it has ended.`,
  })
}

/** The syncs of this process, asked for a capability that there is. */
export function findSync(context: AdminContext, capability: string): SyncControl {
  checkCapability(context, capability)
  const { sync } = context
  if (sync !== undefined) return sync
  throw new StranglerError('STRANGLER_SYNC_CONFLICT', 'This process has no data sync.', {
    fix: 'Ask the admin API of `strangler start`.',
  })
}

/** The epoch is the version of the line that begins it: it grows for ever, also over uninstalls. */
function startEvent(state: RouteState, { capability, expectedVersion }: SyncCommand): SyncPosition['start'] {
  const direction = ownerOf(state, capability) === 'service' ? { direction: 'reverse' as const } : {}
  return { kind: 'sync.started', capability, epoch: expectedVersion + 1, ...direction }
}

export function isRetired(state: RouteState, capability: string): boolean {
  return state.migrations?.[capability]?.stage === 'retired'
}

export function notInstalled(state: RouteState, capability: string): StranglerError {
  if (isRetired(state, capability)) return retired(capability)
  return new StranglerError('STRANGLER_SYNC_CONFLICT', `The sync of ${capability} is not installed.`, {
    fix: `\`strangler sync install ${capability}\` installs it.`,
  })
}

function retired(capability: string): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    `${capability} is retired: nothing of it is carried to the monolith any more, and its old tables there may be gone.`,
    { fix: `\`strangler migrate ${capability} status\` names what the monolith does not need any more.` },
  )
}
