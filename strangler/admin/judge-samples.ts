import { differenceKey } from '../compare/plan-calibration.ts'
import type { ComparisonStore, KeptEvidence, SampleLine } from '../core/comparison-store.ts'
import { type AdminContext, findPosition } from './present-state.ts'
import { reportCapability, type Standing } from './report-comparisons.ts'

/** As long as counts are kept. */
const KEPT_MS = 14 * 86_400_000

/** What a sample is by all that is known now. `mismatch`: at least one difference is real, and nobody answers for it. */
export type SampleVerdict = 'mismatch' | 'unknown' | 'noise' | 'accepted'

/**
 * A sample was kept before anybody knew whether its places are noisy: what it is follows from the counts of its builds, by the same rule
 * as the rates of the report.
 */
export function judgeSample(
  { endpoint, differences }: Pick<SampleLine, 'endpoint' | 'differences'>,
  evidence: KeptEvidence | undefined,
  standing: Standing,
): SampleVerdict {
  if (evidence === undefined) return 'unknown'
  const known = new Map(
    reportCapability(evidence, standing)
      .differences.filter((one) => one.endpoint === endpoint)
      .map((one) => [`${one.kind} ${one.path}`, one]),
  )
  const found = differences.map((one) => known.get(differenceKey(one)))
  const open = found.filter((one) => one?.verdict !== 'noise')
  if (open.length === 0) return 'noise'
  const unanswered = open.filter((one) => one?.isAccepted !== true)
  if (unanswered.length === 0) return 'accepted'
  return unanswered.some((one) => one?.verdict === 'real') ? 'mismatch' : 'unknown'
}

/** Of each basis the counts are read once. */
export async function createSampleJudge(
  context: AdminContext,
  store: ComparisonStore,
): Promise<(sample: SampleLine) => Promise<SampleVerdict>> {
  const { state } = await findPosition(context)
  const now = new Date(context.clock())
  const since = new Date(now.getTime() - KEPT_MS).toISOString()
  const standing = { accepted: state.accepted ?? [], now }
  const read = new Map<string, Promise<KeptEvidence | undefined>>()
  return async (sample) => {
    const { capability, basis } = sample
    const evidence = read.get(basis) ?? store.read({ capability, since, basis })
    read.set(basis, evidence)
    return judgeSample(sample, await evidence, standing)
  }
}
