import { parentPort, workerData } from 'node:worker_threads'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import { createShadowMarks } from '../core/shadow-mark.ts'
import { EMPTY_STATE } from '../routing/fold-journal.ts'
import { createComparer } from './comparer.ts'
import { createCopyWatch } from './copy-watch.ts'
import { createShadow } from './create-shadow.ts'
import { createRulesFor } from './rules-of.ts'
import type { FromThread, PositionWord, ThreadData, ToThread } from './thread-messages.ts'

/**
 * The thread that asks and compares: whatever it costs, and whatever the answers are, the thread that serves does not wait for it.
 * It is started by `shadow-beside.ts`.
 */
const FOUND_EVERY_MS = 500
const OLDEST_MS = 5_000
/** A word that is older is none: the sync may be gone. */
const WORD_LASTS_MS = 2_000

function runThread(port: NonNullable<typeof parentPort>, { config, secret }: ThreadData): void {
  const tell = (message: FromThread) => port.postMessage(message)
  let state = EMPTY_STATE
  let judged: Extract<FromThread, { kind: 'judged' }>['exchanges'][number][] = []
  const words = new Map<string, PositionWord>()
  const wordOf = (capability: string): PositionWord | undefined => {
    const word = words.get(capability)
    return word === undefined || Date.now() - word.at > WORD_LASTS_MS ? undefined : word
  }
  const rulesFor = createRulesFor(config)
  const shadow = createShadow({
    config,
    rulesFor,
    marks: createShadowMarks(Buffer.from(secret), Date.now),
    comparer: createComparer(rulesFor),
    copies: createCopyWatch({
      position: {
        appliedThrough: (capability) => wordOf(capability)?.appliedThrough,
        sourceNow: (capability) => {
          const word = wordOf(capability)
          if (word?.sourceNow === undefined) return undefined
          return { ...word.sourceNow, ms: word.sourceNow.ms + Date.now() - word.at }
        },
      },
      isSynced: (capability) => state.syncs?.[capability] !== undefined,
    }),
    ownerOf: (capability) => state.owners?.[capability]?.side ?? 'monolith',
    report: (operation, error) =>
      tell({
        kind: 'failed',
        operation,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    onJudged: (exchange, verdict) => {
      judged.push({ bytes: exchange.bytes, endpoint: exchange.endpoint, verdict })
      if (judged.length === 1) setImmediate(tellJudged)
    },
  })
  function tellJudged(): void {
    if (judged.length === 0) return
    tell({ kind: 'judged', exchanges: judged })
    judged = []
  }
  function tellFound(): void {
    const batch = shadow.book.take()
    if (batch !== undefined) tell({ kind: 'found', batch })
  }
  /** The thread has just started, or cannot keep up: the data has moved on since. */
  function tellOld({ capability, endpoint, bytes }: CapturedExchange): void {
    shadow.noteSkipped({ capability, endpoint, reason: 'queue-full', count: 1 })
    tell({ kind: 'judged', exchanges: [{ bytes, endpoint, verdict: 'skipped' }] })
  }
  const timer = setInterval(tellFound, FOUND_EVERY_MS)

  const handle = async (message: ToThread): Promise<void> => {
    switch (message.kind) {
      case 'captured':
        for (const exchange of message.exchanges) {
          if (Date.now() - exchange.answeredAt > OLDEST_MS) tellOld(exchange)
          else {
            shadow.capture.takeBytes(exchange.bytes)
            shadow.capture.onCaptured(exchange)
          }
        }
        return
      case 'skipped':
        return shadow.noteSkipped(message)
      case 'state':
        state = message.state
        return shadow.follow(state)
      case 'positions':
        for (const word of message.words) words.set(word.capability, word)
        return
      case 'ask':
        return tell({
          kind: 'answer',
          id: message.id,
          asked: await shadow.ask(message.side, message.request),
        })
      case 'settle':
        await shadow.settled()
        tellJudged()
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

if (parentPort !== null) runThread(parentPort, workerData as ThreadData)
