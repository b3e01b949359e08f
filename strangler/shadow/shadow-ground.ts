import { createHash } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import type { AcceptedDifference, CapturedAnswer, CapturedRequest } from '../core/compare-words.ts'
import type { KeptBasis } from '../core/comparison-store.ts'
import { createSerialIds } from '../core/serial-ids.ts'
import type { RouteState, Side } from '../core/words.ts'
import type { Asked } from './ask-side.ts'
import { createEvidenceBook, type EvidenceBook } from './evidence-book.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { RulesFor } from './rules-of.ts'
import { createSampleChoice, type SampleChoice } from './sample-choice.ts'
import { createSideBuilds } from './side-builds.ts'

/** What an exchange is recorded with. */
export interface ShadowGround {
  readonly book: EvidenceBook
  readonly choice: SampleChoice
  /** Of comparisons. */
  readonly nextId: () => string
  /** Expired ones too. */
  readonly accepted: () => readonly AcceptedDifference[]
  readonly rulesFor: RulesFor
  /** The builds that have answered now; without answers, the ones that did last. */
  readonly basisOf: (
    capability: string,
    answers?: Readonly<Partial<Record<Side, CapturedAnswer>>>,
  ) => KeptBasis
}

export interface GroundOptions {
  readonly ask: (side: string, request: CapturedRequest) => Promise<Asked>
  readonly state: () => RouteState | undefined
  readonly rulesFor: RulesFor
  /** Another build answers, or another configuration: what was learnt is void. */
  readonly onBasis: () => void
}

export function createShadowGround(
  config: Config,
  { ask, state, rulesFor, onBasis }: GroundOptions,
): ShadowGround {
  const builds = createSideBuilds({ config, ask, deployed: (side) => state()?.deploys?.[side] })
  const latest = new Map<string, KeptBasis>()
  const fingerprints = new Map<string, string>()

  function basisOf(
    capability: string,
    answers: Readonly<Partial<Record<Side, CapturedAnswer>>> = {},
  ): KeptBasis {
    const present = latest.get(capability)
    const { monolith, service } = answers
    const serviceName = config.capabilities[capability]?.service ?? capability
    const monolithBuild = monolith === undefined ? undefined : builds.buildOf('monolith', monolith)
    const serviceBuild = service === undefined ? undefined : builds.buildOf(serviceName, service)
    const next = {
      monolithBuild: monolithBuild ?? present?.monolithBuild ?? 'unknown',
      serviceBuild: serviceBuild ?? present?.serviceBuild ?? 'unknown',
    }
    if (present?.monolithBuild === next.monolithBuild && present.serviceBuild === next.serviceBuild)
      return present
    const fingerprint = fingerprints.get(capability) ?? fingerprintOf(config, capability)
    fingerprints.set(capability, fingerprint)
    const parts = { capability, ...next, fingerprint }
    const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)
    const basis = Object.freeze({ id, ...parts })
    latest.set(capability, basis)
    onBasis()
    return basis
  }

  return {
    basisOf,
    book: createEvidenceBook(),
    choice: createSampleChoice(),
    nextId: createSerialIds(),
    accepted: () => state()?.accepted ?? [],
    rulesFor,
  }
}
