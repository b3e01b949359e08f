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
import { settleLag } from './settle-lag.ts'
import { settleWrite } from './settle-write.ts'

/** Asks the side that did not answer, and finds out what a difference means: noise, a copy that is late, or neither. */
export async function judgeExchange(parts: JudgeParts, exchange: CapturedExchange): Promise<Judgement> {
  const plan = exchange.effect === 'read' ? parts.calibration.planAgreeing(exchange.endpoint) : undefined
  const before = plan === 'before' ? await askMonolith(parts, exchange) : undefined
  const asked = await parts.ask(otherSide(exchange.primary), exchange)
  if (asked.kind === 'skipped') return skipped(asked.reason)
  const shadow = asked.answer
  const client: SideAnswer = { ...exchange.answer, side: exchange.primary }
  const compared = await parts.compare([client, shadow], exchange)
  if (compared.kind === 'skipped') return { ...skipped(compared.reason), shadow }
  const first = exchange.primary === 'monolith' ? client : shadow
  const calibrate = async () => {
    const again = before ?? (await askMonolith(parts, exchange))
    const noise = again === undefined ? undefined : await findNoise(parts, exchange, [first, again])
    return again === undefined || noise === undefined ? {} : { noise, againMs: again.tookMs }
  }
  if (compared.kind === 'same') {
    const repeated = plan === undefined ? {} : await calibrate()
    return { verdict: 'same', shadow, differences: [], ...repeated }
  }
  const { differences, more } = compared
  const found: Judgement = { verdict: 'different', shadow, differences, more }
  if (exchange.effect === 'write') return settleWrite(parts, exchange, { found, client, shadow })
  const isNews = differences.some((one) => !parts.calibration.isKnownNoise(exchange.endpoint, one))
  // Data that moves looks like noise of the monolith: where a copy is kept, whether it was late comes first.
  if (isNews && parts.copies.isKept(exchange.capability)) return settleLag(parts, exchange, found)
  const wanted = before !== undefined || parts.calibration.wantsDiffering(exchange.endpoint, differences)
  return wanted ? leaveOutMoved(parts, exchange, { ...found, ...(await calibrate()) }) : found
}

/** What the monolith differs from itself in where nothing is noise has moved: of a copy that was asked meanwhile it says nothing. */
function leaveOutMoved(parts: JudgeParts, exchange: CapturedExchange, found: Judgement): Judgement {
  const { noise = [], differences, shadow, more = 0 } = found
  const moved = new Set(noise.filter((one) => !parts.mayBeNoise(exchange, one)).map(differenceKey))
  if (moved.size === 0) return found
  const left = differences.filter((one) => !moved.has(differenceKey(one)))
  if (left.length > 0 || more > 0) return { ...found, differences: left }
  return { ...skipped('behind'), ...(shadow === undefined ? {} : { shadow }) }
}

async function askMonolith(parts: JudgeParts, exchange: CapturedExchange): Promise<SideAnswer | undefined> {
  const asked = await parts.ask('monolith', exchange)
  return asked.kind === 'answered' ? asked.answer : undefined
}

/** Where the monolith differs from itself; undefined when that could not be found out. */
async function findNoise(
  parts: JudgeParts,
  exchange: CapturedExchange,
  pair: AnswerPair,
): Promise<readonly Difference[] | undefined> {
  const compared = await parts.compare(pair, exchange)
  if (compared.kind === 'skipped') return undefined
  const noise = compared.kind === 'same' ? [] : compared.differences
  parts.calibration.noteNoise(
    exchange.endpoint,
    noise.filter((one) => parts.mayBeNoise(exchange, one)),
  )
  return noise
}
