import type { Direction } from '../../core/sync-words.ts'
import type { Finding, FindingCode } from './findings.ts'

/** What a finding says once the service owns the data; `past`: it was about the way there. */
type Said = 'past' | { readonly why?: string; readonly mend?: string }

const LATER: Partial<Record<FindingCode, Said>> = {
  COUPLED_TRANSACTIONS: 'past',
  WRITER_UNKNOWN: 'past',
  SCHEDULED_JOBS: 'past',
  FOREIGN_KEY_CUT: 'past',
  CASCADE_FROM_OUTSIDE: 'past',
  CASCADE_TO_OUTSIDE: 'past',
  FOREIGN_KEY_OUT: {
    mend: 'Sync that table too, or drop the foreign key: it stands in the monolith’s database, and the service owns the rows.',
  },
  FOREIGN_KEY_IN: {
    mend: 'Sync that table too, or drop the foreign key: it stands in the monolith’s database, and the service owns the rows.',
  },
  MAPPING_UNFIT: {
    why: 'There must be a way back for every value: what is not carried, or is carried into a place that is taken, is lost when the monolith owns again.',
  },
  DATABASE_UNSEEN: {
    why: 'Rows cannot be compared, repaired or brought back: the monolith cannot own again.',
    mend: 'Set `sides.NAME.database`; the service still applies for itself.',
  },
  RANGE_LOW: {
    why: 'The service numbers on, and going back the monolith would number on above that.',
    mend: 'Widen the column on both sides.',
  },
  TRIGGER_ON_SOURCE: {
    why: 'What they write at the service is carried back like any write. The monolith must do by itself what they do, once it owned again.',
    mend: 'Nothing to do while the service owns.',
  },
}

/** Whether it is worth asking for at all. */
export function isPast(code: FindingCode, direction: Direction): boolean {
  return direction === 'reverse' && LATER[code] === 'past'
}

/** The same findings, as they are to be said of a sync in this direction: nobody is advised to do before the cut-over what lies behind it. */
export function sayIn(direction: Direction, findings: readonly Finding[]): Finding[] {
  if (direction === 'forward') return [...findings]
  return findings.flatMap((finding) => {
    const said = LATER[finding.code]
    if (said === 'past') return []
    return [said === undefined ? finding : { ...finding, ...said }]
  })
}
