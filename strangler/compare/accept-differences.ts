import type { AcceptedDifference, Difference } from '../core/compare-words.ts'
import { matchesGlob } from './path-glob.ts'

/** So long is a difference accepted when nobody says otherwise. */
export const ACCEPTED_FOR_DAYS = 30

const DAY_MS = 86_400_000

/** When an acceptance that is made now ends. ISO 8601. */
export function expiryOf(now: Date, days = ACCEPTED_FOR_DAYS): string {
  return new Date(now.getTime() + days * DAY_MS).toISOString()
}

/** The acceptance that covers a difference; an expired one covers none. */
export function findAcceptance(
  accepted: readonly AcceptedDifference[],
  where: { readonly endpoint: string; readonly now: Date },
  { kind, path }: Pick<Difference, 'kind' | 'path'>,
): AcceptedDifference | undefined {
  return accepted.find(
    (one) =>
      one.endpoint === where.endpoint &&
      (one.kind === 'any' || one.kind === kind) &&
      Date.parse(one.expiresAt) > where.now.getTime() &&
      matchesGlob(one.path, path),
  )
}

/** What somebody answers for at this moment, and what nobody does. */
export function splitAccepted(
  accepted: readonly AcceptedDifference[],
  where: { readonly endpoint: string; readonly now: Date },
  differences: readonly Difference[],
): { readonly accepted: Difference[]; readonly left: Difference[] } {
  const isAccepted = (difference: Difference) => findAcceptance(accepted, where, difference) !== undefined
  return {
    accepted: differences.filter(isAccepted),
    left: differences.filter((difference) => !isAccepted(difference)),
  }
}
