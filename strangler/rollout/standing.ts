import { StranglerError } from '../core/errors.ts'
import { type CutoverCheck, checkJournal } from './check-cutover.ts'
import type { Obstacle, RolloutPorts } from './ports.ts'

/** What is put up ahead of time may wait for the tables so long: nobody is held meanwhile. */
export const PREPARE_WITHIN_MS = 8_000

/** What the journal and the registrations say against a cut-over now. */
export async function checkStanding(
  options: RolloutPorts,
  {
    capability,
    to,
    lose = 0,
  }: Pick<CutoverCheck, 'capability' | 'to'> & { readonly lose?: number | undefined },
): Promise<Obstacle[]> {
  const [state, registrations, now] = await Promise.all([
    options.readState(),
    options.listRegistrations(),
    options.databaseClock(),
  ])
  return checkJournal({ state, capability, to, registrations, now, lose } satisfies CutoverCheck)
}

/** @throws StranglerError STRANGLER_CUTOVER_REFUSED when there is any obstacle */
export function refuse(capability: string, obstacles: readonly Obstacle[]): void {
  const [first] = obstacles
  if (first === undefined) return
  const more = obstacles.length > 1 ? ` ${obstacles.length - 1} more in \`details.obstacles\`.` : ''
  throw new StranglerError(
    'STRANGLER_CUTOVER_REFUSED',
    `${capability} cannot be cut over: ${first.reason}.${more}`,
    { fix: first.fix, details: { obstacles } },
  )
}
