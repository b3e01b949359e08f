import { expiryOf } from '../compare/accept-differences.ts'
import { StranglerError } from '../core/errors.ts'
import { suggestNames } from '../core/nearest-names.ts'
import type { JournalEvent } from '../core/words.ts'
import type { AcceptCommand, DeployCommand, RejectCommand } from './compare-contracts.ts'
import { findEndpoint } from './compare-questions.ts'
import type { CommandAnswer } from './contracts.ts'
import { type AdminContext, type Author, appendDecision, standAt } from './present-state.ts'

/** Somebody answers for a difference from now on, for so many days. */
export async function acceptDifference(
  context: AdminContext,
  { endpoint, path, kind, owner, days, expectedVersion }: AcceptCommand,
  author: Author,
): Promise<CommandAnswer> {
  findEndpoint(context, endpoint)
  await standAt(context, expectedVersion)
  const expiresAt = expiryOf(new Date(context.clock()), days)
  const event: JournalEvent = {
    kind: 'difference.accepted',
    endpoint,
    path,
    difference: kind,
    owner,
    expiresAt,
  }
  return appendDecision(context, event, { expectedVersion, author })
}

/** Nobody answers for it any more. */
export async function rejectDifference(
  context: AdminContext,
  { id, expectedVersion }: RejectCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { state } = await standAt(context, expectedVersion)
  const ids = (state.accepted ?? []).map((one) => one.id)
  if (!ids.includes(id)) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `There is no accepted difference "${id}".`, {
      fix: suggestNames(id, ids, 'strangler compare rules'),
    })
  }
  return appendDecision(context, { kind: 'difference.rejected', acceptance: id }, { expectedVersion, author })
}

/** Another build of a side answers from now on, where no header and no path says so. */
export async function deployBuild(
  context: AdminContext,
  { side, build, expectedVersion }: DeployCommand,
  author: Author,
): Promise<CommandAnswer> {
  const names = Object.keys(context.config.sides)
  if (!names.includes(side)) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `"${side}" is not a side of the configuration.`, {
      fix: suggestNames(side, names, 'strangler route list'),
    })
  }
  const { state } = await standAt(context, expectedVersion)
  if (state.deploys?.[side] === build) return { version: state.version, changed: false }
  return appendDecision(context, { kind: 'build.deployed', side, build }, { expectedVersion, author })
}
