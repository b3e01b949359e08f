import { differenceKey } from '../compare/plan-calibration.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { Difference } from '../core/compare-words.ts'
import {
  type AnswerPair,
  type Judgement,
  type JudgeParts,
  otherSide,
  type SideAnswer,
  skipped,
} from './judgement.ts'

/** The differing answers to one write. */
export interface FoundWrite {
  readonly found: Judgement
  readonly client: SideAnswer
  readonly shadow: SideAnswer
}

/**
 * What a difference of a dry run means. The monolith cannot be asked once more, because a write would happen once more; the service can: it
 * runs the write dry twice, and where it differs from itself is noise. Where a copy is kept it does so when the copy has everything, the
 * write itself included: one that agrees then was late, or is one that may be repeated. What differs then as it did before is a mismatch.
 * What has moved in between cannot be told apart from a late copy, and is skipped.
 */
export async function settleWrite(
  parts: JudgeParts,
  exchange: CapturedExchange,
  { found, client, shadow }: FoundWrite,
): Promise<Judgement> {
  const { calibration, copies } = parts
  const { capability, endpoint } = exchange
  if (!calibration.wantsDiffering(endpoint, found.differences)) return found
  const isCopied = copies.isKept(capability)
  const lagMs = isCopied ? await copies.catchUp(capability) : 0
  if (lagMs === undefined) return { ...skipped('behind'), shadow }
  const later = await parts.ask(otherSide(exchange.primary), exchange)
  const again = await parts.ask(otherSide(exchange.primary), exchange)
  const differ = async (...pair: AnswerPair): Promise<readonly Difference[]> => {
    const compared = await parts.compare(pair, exchange)
    return compared.kind === 'different' ? compared.differences : []
  }
  const unsettled = isCopied ? { ...skipped('behind'), shadow } : found
  if (later.kind === 'skipped' || again.kind === 'skipped') return unsettled
  const noise = await differ(later.answer, again.answer)
  calibration.noteNoise(endpoint, noise)
  const judged: Judgement = { ...found, noise }
  const noisy = new Set(noise.map(differenceKey))
  const open = found.differences.filter(
    (one) => !noisy.has(differenceKey(one)) && !calibration.isKnownNoise(endpoint, one),
  )
  if (!isCopied || open.length === 0) return judged
  const still = new Set((await differ(client, later.answer)).map(differenceKey))
  if (!open.some((one) => still.has(differenceKey(one))))
    return { verdict: 'lag', differences: found.differences, lagMs, shadow: later.answer }
  const moved = new Set((await differ(shadow, later.answer)).map(differenceKey))
  const isSteady = (one: Difference) => still.has(differenceKey(one)) && !moved.has(differenceKey(one))
  if (!open.some(isSteady)) return unsettled
  const isShown = (one: Difference) => isSteady(one) || !open.includes(one)
  return { ...judged, differences: found.differences.filter(isShown) }
}
