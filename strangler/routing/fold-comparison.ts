import type { AcceptedDifference } from '../core/compare-words.ts'
import type { JournalEntry, RouteState } from '../core/words.ts'

type ComparisonEvent = Extract<
  JournalEntry['event'],
  { kind: 'build.deployed' | 'difference.accepted' | 'difference.rejected' }
>

/** What the journal says of builds and of accepted differences. An acceptance is named by the version of its line. */
export function foldComparison(
  state: RouteState,
  { version, at, because = '' }: JournalEntry,
  event: ComparisonEvent,
): Pick<RouteState, 'deploys' | 'accepted'> {
  const accepted = state.accepted ?? []
  switch (event.kind) {
    case 'build.deployed':
      return { deploys: { ...state.deploys, [event.side]: event.build } }
    case 'difference.accepted': {
      const { endpoint, path, difference: kind, owner, expiresAt } = event
      const one: AcceptedDifference = {
        id: `a${version}`,
        endpoint,
        path,
        kind,
        owner,
        because,
        at,
        expiresAt,
      }
      return { accepted: [...accepted, one] }
    }
    case 'difference.rejected':
      return { accepted: accepted.filter(({ id }) => id !== event.acceptance) }
  }
}
