import { StranglerError } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import type { CutoverRehearsal } from '../rollout/coordinator.ts'
import type { CutoverAnswer, CutoverCommand, CutoverQuestion, RehearsalAnswer } from './cutover-contracts.ts'
import { type AdminContext, type Author, showAuthor, standAt } from './present-state.ts'
import { rehearseWithoutSync } from './rehearse-without-sync.ts'
import { findSync } from './sync-commands.ts'

/** Moves the ownership of a capability to a side; answers when it is moved, or undone. */
export async function cutOver(
  context: AdminContext,
  { capability, to, lose, expectedVersion }: CutoverCommand,
  author: Author,
): Promise<CutoverAnswer> {
  const coordinator = findCoordinator(context, capability)
  const { state } = await standAt(context, expectedVersion)
  if (state.migrations?.[capability] !== undefined) throw guided(capability, to)
  const { because } = author
  const by = showAuthor(author)
  const moved = await coordinator.cutOver({ capability, to, lose, expectedVersion, by, because })
  return { ...moved, undoneMs: [...moved.undoneMs] }
}

/** What is in its way, and how long writes would be held. Changes nothing that anybody could see. */
export async function rehearseCutover(
  context: AdminContext,
  { capability, to, lose }: CutoverQuestion,
): Promise<RehearsalAnswer> {
  // What begins while it is made begins without it.
  const state = context.currentState()
  const epoch = state.syncs?.[capability]?.epoch
  const coordinator = findCoordinator(context, capability)
  const hasTables = (context.config.capabilities[capability]?.tables ?? []).length > 0
  if (epoch === undefined && hasTables) return rehearseWithoutSync(state, { capability, to })
  const rehearsal = await coordinator.rehearse({ capability, to, lose })
  const { obstacles, parts, predictedMs, wayBack } = rehearsal
  if (to === 'service') await keepRehearsal(context, { capability, epoch, rehearsal })
  return {
    obstacles: obstacles.map(({ reason, fix }) => ({ reason, fix })),
    parts: { ...parts },
    predictedMs,
    ...(wayBack === undefined ? {} : { wayBack: [...wayBack] }),
  }
}

interface Rehearsed {
  readonly capability: string
  readonly epoch: number | undefined
  readonly rehearsal: CutoverRehearsal
}

/** It is evidence for the gates of the cut-over. */
async function keepRehearsal(
  { guide }: AdminContext,
  { capability, epoch, rehearsal }: Rehearsed,
): Promise<void> {
  const { obstacles, predictedMs, wayBack } = rehearsal
  const [first] = obstacles
  const problem = first === undefined ? {} : { problem: first.reason }
  await guide?.evidence.keep(capability, 'rehearsal', {
    ...{ predictedPauseMs: predictedMs, ...problem },
    ...(epoch === undefined ? {} : { epoch }),
    identitiesFit: !obstacles.some(({ about }) => about === 'identities'),
    ...(wayBack === undefined ? {} : { wayBack }),
  })
}

/** Its gates are asked first, and the journal keeps what they said. */
function guided(capability: string, to: Side): StranglerError {
  const action = to === 'service' ? 'cutover' : 'back'
  return new StranglerError('STRANGLER_STEP_REFUSED', `${capability} is guided step by step.`, {
    fix: `\`strangler migrate ${capability} ${action}\` moves its ownership.`,
  })
}

export function findCoordinator(
  context: AdminContext,
  capability: string,
): NonNullable<AdminContext['rollout']> {
  findSync(context, capability)
  if (context.rollout !== undefined) return context.rollout
  throw new StranglerError('STRANGLER_CUTOVER_REFUSED', 'A process of the role proxy moves no ownership.', {
    fix: 'Ask the admin API of a process of the role sync, admin or all.',
  })
}
