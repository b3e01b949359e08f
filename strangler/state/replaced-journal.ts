import { StranglerError } from '../core/errors.ts'
import type { RouteState } from '../core/words.ts'

export const DOUBT =
  'The journal in the control database has lost decisions about who owns data that this proxy has served by, so that it is not known who does: capabilities with tables are answered with 503.'

/** Whether both say the same of whom writes go to. */
export function isSameOwnership(one: RouteState, other: RouteState): boolean {
  return describeOwnership(one) === describeOwnership(other)
}

function describeOwnership({ owners = {}, cutovers = {}, holds }: RouteState): string {
  const sides = Object.entries(owners).map(([capability, { side }]) => [capability, side])
  const open = [...Object.entries(cutovers), ...Object.entries(holds)].map(([capability, { id, phase }]) => [
    capability,
    id,
    phase,
  ])
  // Who was moved there and back is at the monolith, like one that was never moved.
  return JSON.stringify([...sides.filter(([, side]) => side !== 'monolith'), ...open].sort())
}

interface Replaced {
  readonly served: RouteState
  readonly journal: RouteState
  readonly doubted: boolean
}

export function describeReplaced({ served, journal, doubted }: Replaced): StranglerError {
  const found = `The journal in the control database is not the one that this process has followed up to version ${served.version}: it stands at ${journal.version} and has other lines, as after a fail-over to a copy that was behind. From now on it is followed.`
  return doubted
    ? new StranglerError('STRANGLER_JOURNAL_REPLACED', `${found} ${DOUBT}`, {
        fix: 'Restore the newest copy of the control database, or find out with `strangler doctor` and the guards in both databases who owns, bring the journal to it with `strangler migrate`, and start this proxy anew.',
      })
    : new StranglerError('STRANGLER_JOURNAL_REPLACED', `${found} Who owns what is the same in both.`)
}
