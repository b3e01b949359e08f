import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { AnswerComparison, CapturedAnswer, Difference, SkipReason } from '../core/compare-words.ts'
import type { Side } from '../core/words.ts'
import type { Asked } from './ask-side.ts'
import type { Calibration } from './calibration.ts'
import type { CopyWatch } from './copy-watch.ts'

/** Two answers to one request; the first is what the second is measured by. */
export type AnswerPair = readonly [CapturedAnswer, CapturedAnswer]

export interface JudgeParts {
  readonly ask: (side: Side, exchange: CapturedExchange) => Promise<Asked>
  readonly compare: (pair: AnswerPair, exchange: CapturedExchange) => Promise<AnswerComparison>
  readonly calibration: Calibration
  readonly copies: CopyWatch
  /** Whose database takes the writes of a capability. */
  readonly ownerOf: (capability: string) => Side
}

/** What became of one exchange, before accepted differences are looked at. */
export interface Judgement {
  readonly verdict: 'same' | 'different' | 'lag' | 'skipped'
  readonly skipped?: SkipReason
  readonly shadow?: CapturedAnswer
  readonly differences: readonly Difference[]
  /** Differences that a bound has cut off. */
  readonly more?: number
  /** How the monolith differed from itself; absent when it was not asked once more. */
  readonly noise?: readonly Difference[]
  readonly lagMs?: number
}

/** How often an exchange whose data moves under it is tried again. */
const MOST_ROUNDS = 3

/** Asks the side that did not answer, and finds out what a difference means: noise, a copy that is late, or neither. */
export async function judgeExchange(parts: JudgeParts, exchange: CapturedExchange): Promise<Judgement> {
  const plan = exchange.effect === 'read' ? parts.calibration.planAgreeing(exchange.endpoint) : undefined
  const before = plan === 'before' ? await askMonolith(parts, exchange) : undefined
  const asked = await parts.ask(otherSide(exchange.primary), exchange)
  if (asked.kind === 'skipped') return skipped(asked.reason)
  const shadow = asked.answer
  const compared = await parts.compare([exchange.answer, shadow], exchange)
  if (compared.kind === 'skipped') return { ...skipped(compared.reason), shadow }
  const first = exchange.primary === 'monolith' ? exchange.answer : shadow
  const calibrate = async () => {
    const again = before ?? (await askMonolith(parts, exchange))
    return again === undefined ? undefined : findNoise(parts, exchange, [first, again])
  }
  if (compared.kind === 'same') {
    const noise = plan === undefined ? undefined : await calibrate()
    return { verdict: 'same', shadow, differences: [], ...(noise === undefined ? {} : { noise }) }
  }
  const { differences, more } = compared
  if (exchange.effect === 'write') return { verdict: 'different', shadow, differences, more }
  const wanted = before !== undefined || parts.calibration.wantsDiffering(exchange.endpoint, differences)
  const noise = wanted ? await calibrate() : undefined
  const found: Judgement = {
    ...{ verdict: 'different', shadow, differences, more },
    ...(noise === undefined ? {} : { noise }),
  }
  if (!parts.copies.isKept(exchange.capability)) return found
  const isExplained = createExplainer(parts, exchange, noise ?? [])
  return differences.every(isExplained) ? found : settleLag(parts, exchange, { found, isExplained })
}

function skipped(reason: SkipReason): Judgement {
  return { verdict: 'skipped', skipped: reason, differences: [] }
}

export function otherSide(side: Side): Side {
  return side === 'monolith' ? 'service' : 'monolith'
}

async function askMonolith(
  parts: JudgeParts,
  exchange: CapturedExchange,
): Promise<CapturedAnswer | undefined> {
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
  parts.calibration.noteNoise(exchange.endpoint, noise)
  return noise
}

type IsExplained = (difference: Difference) => boolean

function createExplainer(
  { calibration }: JudgeParts,
  { endpoint }: CapturedExchange,
  noise: readonly Difference[],
): IsExplained {
  const places = new Set(noise.map(({ kind, path }) => `${kind} ${path}`))
  return (difference) =>
    places.has(`${difference.kind} ${difference.path}`) || calibration.isKnownNoise(endpoint, difference)
}

/**
 * A copy that is late looks like a bug. So the owner is asked, the copy when it has all that the owner can have told, and the owner
 * again: when they agree then it was lag; when the owner itself has changed meanwhile it is tried anew; only what stays is a mismatch.
 */
async function settleLag(
  parts: JudgeParts,
  exchange: CapturedExchange,
  { found, isExplained }: { found: Judgement; isExplained: IsExplained },
): Promise<Judgement> {
  const { capability } = exchange
  const owner = parts.ownerOf(capability)
  let lagMs = 0
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = await parts.ask(owner, exchange)
    const waitedMs = await parts.copies.catchUp(capability)
    if (waitedMs === undefined) return { ...skipped('behind'), ...pick(found) }
    lagMs += waitedMs
    const copy = await parts.ask(otherSide(owner), exchange)
    const after = await parts.ask(owner, exchange)
    for (const asked of [before, copy, after]) if (asked.kind === 'skipped') return skipped(asked.reason)
    const [first, late, last] = [before, copy, after].map(answerOf) as [
      CapturedAnswer,
      CapturedAnswer,
      CapturedAnswer,
    ]
    const unexplained = async (pair: AnswerPair) => {
      const compared = await parts.compare(pair, exchange)
      return compared.kind === 'different' ? compared.differences.filter((one) => !isExplained(one)) : []
    }
    const stays = await unexplained([last, late])
    if (stays.length === 0 || (await unexplained([first, late])).length === 0)
      return { verdict: 'lag', differences: found.differences, lagMs, ...pick(found) }
    if ((await unexplained([first, last])).length === 0) return found
  }
  return { ...skipped('behind'), ...pick(found) }
}

function answerOf(asked: Asked): CapturedAnswer | undefined {
  return asked.kind === 'answered' ? asked.answer : undefined
}

function pick({ shadow }: Judgement): Pick<Judgement, 'shadow'> {
  return shadow === undefined ? {} : { shadow }
}
