import type { Config } from '../config/schema.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { CapturedRequest, SkipReason } from '../core/compare-words.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { createSerialIds } from '../core/serial-ids.ts'
import type { ShadowMarks } from '../core/shadow-mark.ts'
import type { RouteState, Side } from '../core/words.ts'
import type { Decision } from '../routing/decide.ts'
import type { Asked } from './ask-side.ts'
import { createByteBudget } from './byte-budget.ts'
import { createCalibration } from './calibration.ts'
import { captureBasis } from './capture-basis.ts'
import type { Comparer } from './comparer.ts'
import type { CopyWatch } from './copy-watch.ts'
import { createDryRuns } from './dry-runs.ts'
import type { EvidenceBook } from './evidence-book.ts'
import { judgeExchange } from './judge-exchange.ts'
import type { Judgement, JudgeParts } from './judgement.ts'
import { createPrimaryTimes, type PrimaryTimes } from './primary-times.ts'
import { recordJudgement } from './record-judgement.ts'
import type { RulesFor } from './rules-of.ts'
import { createShadowGround } from './shadow-ground.ts'
import { shadowHeaders } from './shadow-headers.ts'
import { createSideQueues, type SideQueues } from './side-queues.ts'
import { createWants } from './wants.ts'

export interface ShadowOptions {
  readonly config: Config
  readonly marks: ShadowMarks
  readonly comparer: Comparer
  readonly rulesFor: RulesFor
  readonly copies: CopyWatch
  readonly ownerOf: (capability: string) => Side
  readonly report: ReportError
  readonly random?: () => number
  /** Told of every exchange that is over; one that was not to be judged has the verdict `skipped`. */
  readonly onJudged?: (exchange: CapturedExchange, verdict: string, judgement?: Judgement) => void
}

export interface Skipped {
  readonly capability: string
  readonly endpoint: string
  readonly reason: SkipReason
  readonly count: number
}

/** Sends copies of exchanges to the side that did not answer, and says what came of it. */
export interface Shadow extends Stoppable {
  /** What the proxy asks and tells: its `CapturePort`. */
  readonly capture: {
    readonly maxBodyBytes: number
    wants(decision: Decision): boolean
    takeBytes(count: number): boolean
    giveBytes(count: number): void
    isOwnMark(mark: string): boolean
    onCaptured(exchange: CapturedExchange): void
    onSkipped(decision: Decision, reason: SkipReason): void
  }
  /** What was found, until somebody takes it to be kept. */
  readonly book: EvidenceBook
  /** The side asked with a mark, for a person who looks at one exchange again. */
  ask(side: string, request: CapturedRequest): Promise<Asked>
  /** Exchanges that were wanted, and not even copied. */
  noteSkipped(skipped: Skipped): void
  /** Something will have to be compared soon: what takes a while to start is started. */
  prepare(): void
  follow(state: RouteState): void
  /** Resolves when every exchange that was captured until now is judged. */
  settled(): Promise<void>
  readonly heldBytes: number
}

export function createShadow(options: ShadowOptions): Shadow {
  const { config, marks, rulesFor, report, random = Math.random } = options
  const budget = createByteBudget(config.compare.maxHeldBytes)
  const queues = createSideQueues(config)
  const times = createPrimaryTimes(config.compare.timeoutMs)
  let state: RouteState | undefined
  const ask = createMarkedAsk(options, queues)
  const calibration = createCalibration(random)
  const ground = createShadowGround(config, { ask, state: () => state, rulesFor, onBasis: calibration.reset })
  const parts = createJudgeParts(options, { ask: createAskCopy(options, times, ask), calibration })
  const isWanted = createWants({ config, random, state: () => state, clock: Date.now })
  const running = new Set<Promise<void>>()

  async function judge(exchange: CapturedExchange): Promise<void> {
    let verdict = 'skipped'
    let judgement: Judgement | undefined
    try {
      judgement = await judgeExchange(parts, exchange)
      verdict = recordJudgement(ground, exchange, judgement)
    } catch (error) {
      report('compare an exchange', error)
      const { capability, endpoint } = exchange
      noteSkipped({ capability, endpoint, reason: 'compare-failed', count: 1 })
    } finally {
      budget.give(exchange.bytes)
      options.onJudged?.(exchange, verdict, judgement)
    }
  }

  function noteSkipped({ capability, endpoint, reason, count }: Skipped): void {
    ground.book.noteSkipped({ basis: ground.basisOf(capability), endpoint, reason, count }, new Date())
  }

  return {
    capture: {
      ...captureBasis(config, marks, budget),
      wants(decision) {
        const { endpoint, shadowTo } = decision
        if (endpoint === undefined || shadowTo === undefined || !isWanted(decision)) return false
        if (queues.hasRoom(nameOf(config, shadowTo, endpoint.capability))) return true
        this.onSkipped(decision, 'queue-full')
        return false
      },
      onCaptured(exchange) {
        times.note(exchange.endpoint, exchange.answer.tookMs)
        const work = judge(exchange)
        running.add(work)
        void work.finally(() => running.delete(work))
      },
      onSkipped({ endpoint }, reason) {
        if (endpoint === undefined) return
        noteSkipped({ capability: endpoint.capability, endpoint: endpoint.id, reason, count: 1 })
      },
    },
    noteSkipped,
    book: ground.book,
    ask,
    prepare: () => undefined,
    follow(next) {
      state = next
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
    get heldBytes() {
      return budget.held
    },
    async stop() {
      await queues.stop()
      await Promise.all(running)
    },
  }
}

type MarkedAsk = (side: string, request: CapturedRequest, timeoutMs?: number) => Promise<Asked>

/** What is sent carries a mark of its own: nobody takes it for a client's. */
function createMarkedAsk({ config, marks }: ShadowOptions, queues: SideQueues): MarkedAsk {
  const nextId = createSerialIds()
  return (side, request, timeoutMs = config.compare.timeoutMs) => {
    const headers = shadowHeaders(request.headers, marks.sign(nextId()), config.sides[side]?.shadowHeaders)
    return queues.ask(side, { ...request, headers }, timeoutMs)
  }
}

/** Asks a side with its copy of an exchange; a write only where that is run dry. */
function createAskCopy(
  { config, comparer, report }: ShadowOptions,
  times: PrimaryTimes,
  ask: MarkedAsk,
): JudgeParts['ask'] {
  const dryRuns = createDryRuns({
    ask,
    clock: Date.now,
    onRealRun: (side) =>
      report('shadow a write', new Error(`${side} has not run a shadowed write dry; none is sent to it now`)),
  })
  return async (side, exchange) => {
    const name = nameOf(config, side, exchange.capability)
    const request = comparer.requestFor(side, exchange)
    if (request === undefined) return { kind: 'skipped', reason: 'alias' }
    const asked =
      exchange.effect === 'write'
        ? await dryRuns.askWrite(name, request)
        : dryRuns.checkRead(name, await ask(name, request, times.timeoutFor(exchange.endpoint)))
    return asked.kind === 'skipped' ? asked : { ...asked, answer: { ...asked.answer, side } }
  }
}

function createJudgeParts(
  { comparer, rulesFor, copies, ownerOf }: ShadowOptions,
  made: Pick<JudgeParts, 'ask' | 'calibration'>,
): JudgeParts {
  return {
    ...made,
    compare: comparer.compare,
    mayBeNoise: ({ capability, endpoint }, { path }) => rulesFor(capability, endpoint).mayBeNoise(path),
    copies,
    ownerOf,
  }
}

function nameOf({ capabilities }: Config, side: Side, capability: string): string {
  return side === 'monolith' ? 'monolith' : (capabilities[capability]?.service ?? capability)
}
