import { differenceKey } from '../compare/plan-calibration.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { Difference } from '../core/compare-words.ts'
import {
  type Judgement,
  type JudgeParts,
  otherSide,
  type SideAnswer,
  type SideAsked,
  skipped,
} from './judgement.ts'

/** How often an exchange whose data moves under it is looked at again. */
const MOST_ROUNDS = 4

/**
 * A copy that is late looks like a bug. So the owner is asked, the copy once it has all that the owner can have told, and the owner
 * twice more: the copy agrees with what came before or after it, and it was lag; what the owner differs from itself in at once is
 * noise; what is left while the owner stood still is a mismatch. An owner that moved meanwhile is looked at again: a value that goes
 * and comes back (stock that is reserved and sold) shows in the copy only. What stays different in every such look, at a place that
 * did not move, is a mismatch as well. Never the other way round: an exchange that cannot be told apart from a late copy is skipped.
 *
 * A bug that shows now and then is gone at the next look, too. It is gone at once, though, while a copy that is late stays so for longer
 * than a request takes: where most differences do not outlast one, they are no lag.
 */
export async function settleLag(
  parts: JudgeParts,
  exchange: CapturedExchange,
  found: Judgement,
): Promise<Judgement> {
  const atOnce = await parts.ask(otherSide(parts.ownerOf(exchange.capability)), exchange)
  let lagMs = 0
  let steady: readonly Difference[] | undefined
  let moved: Moved | undefined
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const look = await lookAgain(parts, exchange)
    if (!('answers' in look))
      return { ...look, ...(found.shadow === undefined ? {} : { shadow: found.shadow }) }
    lagMs += look.waitedMs
    const settled = await judgeLook(parts, exchange, { found, answers: look.answers, lagMs })
    if ('verdict' in settled)
      return settled.verdict === 'lag'
        ? sortOutFleeting(parts, exchange, { settled, found, atOnce, last: look.answers.last })
        : settled
    moved = settled
    steady = steady === undefined ? settled.steady : intersect(steady, settled.steady)
  }
  if (moved !== undefined && steady !== undefined && steady.length > 0)
    return { verdict: 'different', differences: steady, noise: moved.noise, shadow: moved.other }
  return { ...skipped('behind'), ...(found.shadow === undefined ? {} : { shadow: found.shadow }) }
}

interface Late {
  readonly settled: Judgement
  readonly found: Judgement
  readonly atOnce: SideAsked
  /** The owner's answer after all that. */
  readonly last: SideAnswer
}

/** Of differences that are gone when the copy has everything, those that were gone too soon. */
async function sortOutFleeting(
  parts: JudgeParts,
  exchange: CapturedExchange,
  { settled, found, atOnce, last }: Late,
): Promise<Judgement> {
  const { endpoint, primary, capability } = exchange
  if (atOnce.kind === 'skipped' || primary !== parts.ownerOf(capability)) return settled
  const client: SideAnswer = { ...exchange.answer, side: primary }
  const differ = async (other: SideAnswer): Promise<readonly Difference[]> => {
    const compared = await parts.compare([client, other], exchange)
    return compared.kind === 'different' ? compared.differences : []
  }
  const still = new Set((await differ(atOnce.answer)).map(differenceKey))
  const open = found.differences.filter((one) => !parts.calibration.isKnownNoise(endpoint, one))
  for (const one of open) parts.calibration.noteLate(endpoint, one, still.has(differenceKey(one)))
  const fleeting = open.filter(
    (one) => !still.has(differenceKey(one)) && parts.calibration.isFleeting(endpoint, one),
  )
  if (fleeting.length === 0) return settled
  const noise = (await differ(last)).filter((one) => parts.mayBeNoise(exchange, one))
  return { ...found, differences: fleeting, noise }
}

/** The owner's answers around the copy's, in the order in which they were given. */
interface Answers {
  readonly first: SideAnswer
  readonly copy: SideAnswer
  readonly last: SideAnswer
  readonly again: SideAnswer
}

async function lookAgain(
  { ask, copies, ownerOf }: JudgeParts,
  exchange: CapturedExchange,
): Promise<{ answers: Answers; waitedMs: number } | Judgement> {
  const owner = ownerOf(exchange.capability)
  const first = await ask(owner, exchange)
  if (first.kind === 'skipped') return skipped(first.reason)
  const waitedMs = await copies.catchUp(exchange.capability)
  if (waitedMs === undefined) return skipped('behind')
  const copy = await ask(otherSide(owner), exchange)
  if (copy.kind === 'skipped') return skipped(copy.reason)
  const last = await ask(owner, exchange)
  if (last.kind === 'skipped') return skipped(last.reason)
  const again = await ask(owner, exchange)
  if (again.kind === 'skipped') return skipped(again.reason)
  const answers = { first: first.answer, copy: copy.answer, last: last.answer, again: again.answer }
  return { answers, waitedMs }
}

interface Look {
  readonly found: Judgement
  readonly answers: Answers
  readonly lagMs: number
}

/** The data moved under a look: of itself it says nothing. */
interface Moved {
  /** What differs at places that did not move. */
  readonly steady: readonly Difference[]
  readonly noise: readonly Difference[]
  /** Of the side that did not answer the client. */
  readonly other: SideAnswer
}

function intersect(all: readonly Difference[], others: readonly Difference[]): readonly Difference[] {
  const keys = new Set(all.map(differenceKey))
  return others.filter((one) => keys.has(differenceKey(one)))
}

async function judgeLook(
  parts: JudgeParts,
  exchange: CapturedExchange,
  { found, answers, lagMs }: Look,
): Promise<Judgement | Moved> {
  const { first, copy, last, again } = answers
  const isOwner = exchange.primary === parts.ownerOf(exchange.capability)
  const compare = async (one: SideAnswer, other: SideAnswer): Promise<readonly Difference[]> => {
    const compared = await parts.compare([one, other], exchange)
    return compared.kind === 'different' ? compared.differences : []
  }
  // What is missing on one side is extra on the other: the client's side comes first, as it did.
  const beside = (owner: SideAnswer) => (isOwner ? compare(owner, copy) : compare(copy, owner))
  // In a canary the copy may have answered the client: then the owner is the other one, and its build and answer are kept as such.
  const other = isOwner ? copy : last
  const twice = await compare(last, again)
  const noise = twice.filter((one) => parts.mayBeNoise(exchange, one))
  // Where nothing is noise the owner has moved even now.
  const movedNow = twice.filter((one) => !parts.mayBeNoise(exchange, one))
  const noisy = new Set(noise.map(differenceKey))
  const isOpen = (one: Difference) =>
    !noisy.has(differenceKey(one)) && !parts.calibration.isKnownNoise(exchange.endpoint, one)
  const besideLast = await beside(last)
  const open = besideLast.filter(isOpen)
  const besideFirst = open.length > 0 ? await beside(first) : besideLast
  if (besideFirst.some(isOpen)) {
    const moved = [...(await compare(first, last)), ...movedNow]
    const moving = new Set(moved.filter(isOpen).map(differenceKey))
    const steady = open.filter((one) => !moving.has(differenceKey(one)))
    if (moving.size > 0) return { steady, noise, other }
  } else if (found.differences.some(isOpen)) {
    return { verdict: 'lag', differences: found.differences, lagMs, shadow: other }
  }
  parts.calibration.noteNoise(exchange.endpoint, noise)
  // Where the copy agrees with the one before it, what the owner has done since is no difference of the copy.
  const differences = besideFirst.some(isOpen) ? besideLast : besideFirst
  return { verdict: 'different', differences, noise, shadow: other }
}
