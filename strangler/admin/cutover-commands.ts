import { StranglerError } from '../core/errors.ts'
import type { CutoverAnswer, CutoverCommand, CutoverQuestion, RehearsalAnswer } from './cutover-contracts.ts'
import { type AdminContext, type Author, showAuthor, standAt } from './present-state.ts'
import { findSync } from './sync-commands.ts'

/** Moves the ownership of a capability to a side; answers when it is moved, or undone. */
export async function cutOver(
  context: AdminContext,
  { capability, to, lose, expectedVersion }: CutoverCommand,
  author: Author,
): Promise<CutoverAnswer> {
  const coordinator = findCoordinator(context, capability)
  await standAt(context, expectedVersion)
  const { because } = author
  return coordinator.cutOver({ capability, to, lose, expectedVersion, by: showAuthor(author), because })
}

/** What is in its way, and how long writes would be held. Changes nothing that anybody could see. */
export async function rehearseCutover(
  context: AdminContext,
  { capability, to, lose }: CutoverQuestion,
): Promise<RehearsalAnswer> {
  const { obstacles, parts, predictedMs } = await findCoordinator(context, capability).rehearse({
    capability,
    to,
    lose,
  })
  return { obstacles: obstacles.map((obstacle) => ({ ...obstacle })), parts: { ...parts }, predictedMs }
}

function findCoordinator(context: AdminContext, capability: string): NonNullable<AdminContext['rollout']> {
  findSync(context, capability)
  if (context.rollout !== undefined) return context.rollout
  throw new StranglerError('STRANGLER_CUTOVER_REFUSED', 'A process of the role proxy moves no ownership.', {
    fix: 'Ask the admin API of a process of the role sync, admin or all.',
  })
}
