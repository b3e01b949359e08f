import type { GateResult, GateState } from '../core/guide-words.ts'
import type { GateProfile } from './gate-profile.ts'
import type { GuideSnapshot } from './snapshot.ts'

/** A measured condition. Its id is what `--because` names and the journal keeps. */
export interface Gate {
  readonly id: string
  readonly title: string
  /** Absent: by every profile. */
  readonly isAsked?: (profile: GateProfile) => boolean
  check(snapshot: GuideSnapshot): GateResult
}

type Found = Omit<GateResult, 'id' | 'state' | 'fix'>

/** The three answers of one gate, so that none is built by hand. */
export interface Verdicts {
  pass(found: Found): GateResult
  fail(found: Found & { readonly fix: string }): GateResult
  unknown(found: Found & { readonly fix: string }): GateResult
}

export function verdictsOf(id: string): Verdicts {
  const verdict = (state: GateState) => (found: Found & { readonly fix?: string }) =>
    Object.freeze({ ...found, id, state, fix: found.fix ?? '' })
  return { pass: verdict('pass'), fail: verdict('fail'), unknown: verdict('unknown') }
}

export function defineGate(
  id: string,
  title: string,
  check: (snapshot: GuideSnapshot, verdicts: Verdicts) => GateResult,
): Gate {
  const verdicts = verdictsOf(id)
  return Object.freeze({ id, title, check: (snapshot: GuideSnapshot) => check(snapshot, verdicts) })
}
