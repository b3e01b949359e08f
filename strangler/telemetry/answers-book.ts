import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { Migration } from '../core/guide-words.ts'
import {
  type AnswersSeen,
  type MissedBecause,
  MOST_FAILED,
  type MonolithCaller,
} from '../core/traffic-words.ts'

const MOST_CALLERS = 8

/** Who answers what the service is to answer: the evidence for the clock of a soak. */
export interface AnswersBook {
  record(exchange: ExchangeRecord, migration: Migration): void
  follow(migrations: Readonly<Record<string, Migration>>): void
  take(): AnswersSeen[]
  /** It could not be kept: it is told again. */
  putBack(answers: readonly AnswersSeen[]): void
}

interface Watched {
  readonly entered: number
  /** On `now`: everything since then is in here. */
  since: number
  /** What `since` was before the last word was taken. */
  before: number
  readonly served: Map<string, Answered>
  readonly missed: Map<string, { because: MissedBecause; requests: number }>
  readonly callers: { -readonly [K in keyof MonolithCaller]: MonolithCaller[K] }[]
}

interface Answered {
  requests: number
  /** By the owner, with a status of 500 or more. */
  failed: number
}

/**
 * Every request of a step may pass here, so what it adds to is found by comparing, and nothing is made for it.
 * @param now milliseconds of a clock that only goes forward
 */
export function createAnswersBook(now: () => number): AnswersBook {
  const watched = new Map<string, Watched>()

  return {
    record(exchange, migration) {
      const { capability, endpoint } = exchange
      if (capability === undefined || endpoint === undefined) return
      const book = watched.get(capability)
      if (book === undefined || book.entered !== migration.version) return
      if (migration.stage === 'owned' && exchange.target === 'monolith') noteCaller(book, exchange)
      const because = judgeAnswer(exchange, migration)
      if (because === undefined) return
      if (because === 'served')
        noteServed(book, endpoint, migration.stage === 'owned' && exchange.status >= 500)
      else noteMissed(book, { endpoint, because, requests: 1 })
    },
    follow(migrations) {
      for (const [capability, { stage, version }] of Object.entries(migrations)) {
        if (stage !== 'canary' && stage !== 'owned') watched.delete(capability)
        else if (watched.get(capability)?.entered !== version) watched.set(capability, open(version, now()))
      }
    },
    take() {
      const at = now()
      return [...watched].flatMap(([capability, book]) => {
        const { entered, since, served, missed, callers } = book
        for (const [endpoint, { requests, failed }] of served)
          if (failed > requests * MOST_FAILED)
            noteMissed(book, { endpoint, because: 'FAILED', requests: failed })
        if (served.size + missed.size + callers.length === 0) return []
        const seen: AnswersSeen = {
          ...{ capability, entered, watchedMs: at - since },
          served: [...served.keys()].filter((endpoint) => !missed.has(endpoint)),
          missed: [...missed].map(([endpoint, found]) => ({ endpoint, ...found })),
          callers,
        }
        watched.set(capability, { ...open(entered, at), before: since })
        return [seen]
      })
    },
    putBack(answers) {
      for (const { capability, entered, served, missed, callers } of answers) {
        const book = watched.get(capability)
        if (book === undefined || book.entered !== entered) continue
        book.since = book.before
        for (const endpoint of served) noteServed(book, endpoint, false)
        for (const one of missed) noteMissed(book, one)
        for (const one of callers) addCaller(book, one)
      }
    },
  }
}

function open(entered: number, at: number): Watched {
  return { entered, since: at, before: at, served: new Map(), missed: new Map(), callers: [] }
}

function noteServed({ served }: Watched, endpoint: string, hasFailed: boolean): void {
  const present = served.get(endpoint)
  if (present === undefined) return void served.set(endpoint, { requests: 1, failed: hasFailed ? 1 : 0 })
  present.requests += 1
  if (hasFailed) present.failed += 1
}

function noteMissed(
  { missed }: Watched,
  { endpoint, because, requests }: AnswersSeen['missed'][number],
): void {
  const present = missed.get(endpoint)
  if (present === undefined) return void missed.set(endpoint, { because, requests })
  present.because = because
  present.requests += requests
}

function noteCaller(book: Watched, { endpoint = '', reason, client }: ExchangeRecord): void {
  addCaller(book, { endpoint, because: reason, address: client, requests: 1 })
}

function addCaller({ callers }: Watched, { endpoint, because, address, requests }: MonolithCaller): void {
  for (const one of callers) {
    if (one.address !== address || one.endpoint !== endpoint || one.because !== because) continue
    one.requests += requests
    return
  }
  if (callers.length < MOST_CALLERS) callers.push({ endpoint, because, address, requests })
}

/** Undefined: it says nothing of the step. A client that reads its own write from the owner is where it belongs, and so is whoever was told by a header. */
function judgeAnswer(
  { target, reason, effect, code }: ExchangeRecord,
  { stage, percent = 0 }: Migration,
): MissedBecause | 'served' | undefined {
  if (reason === 'OVERRIDE' || (stage === 'canary' && effect === 'write')) return undefined
  if (target === 'service') {
    if (code === undefined) return 'served'
    return code.startsWith('STRANGLER_UPSTREAM_') ? 'UNANSWERED' : undefined
  }
  if (reason === 'READ_YOUR_WRITES' || reason === 'HELD') return undefined
  const isShared = stage === 'canary' && percent < 100
  return isShared && (reason === 'SPLIT' || reason === 'TARGETING_MATCH') ? undefined : reason
}
