import type { EvidenceBasis } from './compare-words.ts'

/** The words of the guide. One capability goes through the stages by steps; gates on measured evidence open each. */

/** How far a capability's migration is. Reads, writes and data go by it, see GLOSSARY. */
export type Stage = 'observe' | 'sync' | 'shadow' | 'canary' | 'owned' | 'retired'

/** What a person does, in this order. */
export type StepId =
  | 'choose'
  | 'observe'
  | 'contract'
  | 'sync'
  | 'shadow'
  | 'canary'
  | 'cutover'
  | 'soak'
  | 'retire'

/** Where a capability stands: the step it has entered, and the percentage of a canary. */
export interface Position {
  readonly step: StepId
  readonly percent?: number
}

/** `unknown`: too little is known to say. It holds, and is neither a pass nor a failure. */
export type GateState = 'pass' | 'fail' | 'unknown'

/** What a gate found. `evidence` are the numbers it looked at, by their names with units. */
export interface GateResult {
  readonly id: string
  readonly state: GateState
  /** One sentence: what was found, in which named thing. */
  readonly reason: string
  readonly evidence: Readonly<Record<string, number | string | boolean | null>>
  /** The command that gets what is missing, or mends it; empty when it passes. */
  readonly fix: string
}

/** Which numbers the gates ask for. `demo` has the same gates, shorter windows and wider bounds. */
export type GateProfileName = 'default' | 'demo'

/** Where the migration of one capability is, as the journal says. */
export interface Migration extends Position {
  readonly stage: Stage
  /** Of the line that entered the step. */
  readonly version: number
  /** ISO 8601, UTC. */
  readonly enteredAt: string
  readonly profile: GateProfileName
  /** On what the evidence of the step was measured. */
  readonly basis?: EvidenceBasis
}

/** What undoing a step costs now. */
export interface UndoCost {
  readonly kind: 'free' | 'needs-reverse-sync' | 'impossible'
  /** A sentence for people. */
  readonly reason: string
}
