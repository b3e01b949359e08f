import { parentPort, workerData } from 'node:worker_threads'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import { createShadowMarks } from '../core/shadow-mark.ts'
import { EMPTY_STATE } from '../routing/fold-journal.ts'
import { createComparer } from './comparer.ts'
import { type CopyWatchOptions, createCopyWatch } from './copy-watch.ts'
import { createShadow } from './create-shadow.ts'
import { giveWay } from './give-way.ts'
import { createJudgedBook } from './judged-book.ts'
import type { Judgement } from './judgement.ts'
import { createRulesFor } from './rules-of.ts'
import type { TracedOutcome } from './shadow-spans.ts'
import type { FromThread, PositionWord, ThreadData, ToThread } from './thread-messages.ts'

/**
 * The thread that asks and compares: whatever it costs, and whatever the answers are, the thread that serves does not wait for it.
 * It is started by `comparing-thread.ts`.
 */
const FOUND_EVERY_MS = 500
/** Until the serving thread hears that exchanges are over: what is held for them is bounded, and more is soon there. */
const JUDGED_AFTER_MS = 5
const OLDEST_MS = 5_000
/** A word that is older is none: the sync may be gone. */
const WORD_LASTS_MS = 2_000

function runThread(port: NonNullable<typeof parentPort>, { config, secret }: ThreadData): void {
  const tell = (message: FromThread) => port.postMessage(message)
  let state = EMPTY_STATE
  const outcomes = createOutcomes(tell)
  const positions = createToldPositions()
  const rulesFor = createRulesFor(config)
  const shadow = createShadow({
    config,
    rulesFor,
    marks: createShadowMarks(Buffer.from(secret), Date.now),
    comparer: createComparer(rulesFor),
    copies: createCopyWatch({
      position: positions,
      isSynced: (capability) => state.syncs?.[capability] !== undefined,
    }),
    ownerOf: (capability) => state.owners?.[capability]?.side ?? 'monolith',
    report: (operation, error) =>
      tell({
        kind: 'failed',
        operation,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    onJudged: outcomes.note,
  })
  /** After what is over: a thread that dies in between may lose evidence, but nothing that it has told is counted as lost besides. */
  function tellFound(): void {
    outcomes.tell()
    const batch = shadow.book.take()
    if (batch !== undefined) tell({ kind: 'found', batch })
  }
  /** The thread has just started, or cannot keep up: the data has moved on since. */
  function tellOld(exchange: CapturedExchange): void {
    const { capability, endpoint } = exchange
    shadow.noteSkipped({ capability, endpoint, reason: 'queue-full', count: 1 })
    outcomes.note(exchange, 'skipped')
  }
  const timer = setInterval(tellFound, FOUND_EVERY_MS)

  const handle = async (message: ToThread): Promise<void> => {
    switch (message.kind) {
      case 'captured':
        for (const skipped of message.skipped) shadow.noteSkipped(skipped)
        for (const exchange of message.exchanges) {
          if (Date.now() - exchange.answeredAt > OLDEST_MS) tellOld(exchange)
          else {
            shadow.capture.takeBytes(exchange.bytes)
            shadow.capture.onCaptured(exchange)
          }
        }
        return
      case 'state':
        state = message.state
        return shadow.follow(state)
      case 'positions':
        return positions.hear(message.words)
      case 'ask':
        return tell({
          kind: 'answer',
          id: message.id,
          asked: await shadow.ask(message.side, message.request),
        })
      case 'settle':
        await shadow.settled()
        tellFound()
        return tell({ kind: 'answer', id: message.id, asked: undefined })
      case 'stop':
        clearInterval(timer)
        await shadow.stop()
        tellFound()
        tell({ kind: 'stopped' })
        return port.close()
    }
  }
  port.on('message', (message: ToThread) => void handle(message))
}

/** What came of exchanges, told a moment later and together. */
function createOutcomes(say: (message: FromThread) => void) {
  const judged = createJudgedBook()
  const traced: TracedOutcome[] = []
  let timer: NodeJS.Timeout | undefined

  function tell(): void {
    clearTimeout(timer)
    timer = undefined
    const taken = judged.take()
    if (taken.length > 0) say({ kind: 'judged', judged: taken, traced: traced.splice(0) })
  }
  return {
    tell,
    note(exchange: CapturedExchange, verdict: string, judgement?: Judgement): void {
      judged.add(exchange, verdict)
      if (exchange.span !== undefined) traced.push(traceOutcome(exchange.span, verdict, judgement))
      timer ??= setTimeout(tell, JUDGED_AFTER_MS)
    },
  }
}

/** How far the copies are, by the newest words of the serving thread. */
function createToldPositions(): CopyWatchOptions['position'] & {
  hear(words: readonly PositionWord[]): void
} {
  const newest = new Map<string, PositionWord>()
  const wordOf = (capability: string): PositionWord | undefined => {
    const word = newest.get(capability)
    return word === undefined || Date.now() - word.at > WORD_LASTS_MS ? undefined : word
  }
  return {
    hear(words) {
      for (const word of words) newest.set(word.capability, word)
    },
    appliedThrough: (capability) => wordOf(capability)?.appliedThrough,
    sourceNow(capability) {
      const word = wordOf(capability)
      if (word?.sourceNow === undefined) return undefined
      return { ...word.sourceNow, ms: word.sourceNow.ms + Date.now() - word.at }
    },
  }
}

/** What was compared with nothing has no judgement: there was too much, or the comparison itself failed. */
function traceOutcome(span: number, verdict: string, judgement: Judgement | undefined): TracedOutcome {
  const { shadow, skipped, lagMs } = judgement ?? {}
  return {
    ...{ span, verdict, endedAt: Date.now() },
    ...(skipped === undefined ? {} : { skipped }),
    ...(shadow === undefined ? {} : { status: shadow.status, tookMs: shadow.tookMs }),
    ...(lagMs === undefined ? {} : { lagMs }),
  }
}

if (parentPort !== null) {
  giveWay()
  runThread(parentPort, workerData as ThreadData)
}
