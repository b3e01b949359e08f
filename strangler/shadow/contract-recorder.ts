import {
  boundEndpoint,
  type EndpointShape,
  joinEndpoints,
  LARGEST_BODY,
  shapeOfExchange,
} from '../compare/contract/endpoint-shape.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { CapturedAnswer } from '../core/compare-words.ts'
import type { ContractStore, LearntRow } from '../core/contract-store.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { Decision } from '../routing/decide.ts'
import { createAllowance } from './allowance.ts'

export interface ContractRecorderOptions {
  readonly store: Pick<ContractStore, 'learn'>
  /** The monolith's build, by its answer. */
  readonly buildOf: (answer: CapturedAnswer) => string
  readonly report: ReportError
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

/** Learns what the monolith's answers look like, from a few of them. */
export interface ContractRecorder extends Stoppable {
  /** Whether this exchange, which nobody compares, is to be copied for it. */
  wants(decision: Decision): boolean
  learn(exchange: CapturedExchange): void
  /** Brings what was learnt into the control database now. */
  flush(): Promise<void>
}

const EVERY_MS = 2_000
/** An endpoint is looked at so often at once, and then once a second: what it answers is mostly known by then. */
const EXCHANGES = { most: 30, perSecond: 1 }
/** Reading a body costs the serving thread about 10 ms a MiB. */
const BYTES = { most: 4 * LARGEST_BODY, perSecond: LARGEST_BODY / 2 }
const MOST_ENDPOINTS = 1_000
/** What was sent once is not sent again for so long; then it is, in case that the database has lost it. */
const FORGET_MS = 3_600_000

interface PendingRow extends LearntRow {
  readonly shape?: EndpointShape
}

export function createContractRecorder(options: ContractRecorderOptions): ContractRecorder {
  const { store, buildOf, report, now } = options
  const mayLook = createLookAllowances(now)
  const bytes = createAllowance(BYTES, now)
  const newsIn = createShapeNews(now)
  let pending = new Map<string, PendingRow>()
  let isAway = false
  let flushing = Promise.resolve()

  function add(row: PendingRow): void {
    const key = `${row.build}\n${row.endpoint}`
    const present = pending.get(key)
    if (present !== undefined) pending.set(key, joinRows(present, row))
    else if (pending.size < MOST_ENDPOINTS) pending.set(key, row)
  }

  async function flush(): Promise<void> {
    if (pending.size === 0) return
    const rows = [...pending.values()]
    pending = new Map()
    try {
      await store.learn(rows)
      isAway = false
    } catch (error) {
      // The same failure every time tells nothing new.
      if (!isAway) report('keep what answers look like', error)
      isAway = true
      for (const row of rows) add(row)
    }
  }
  const next = () => {
    flushing = flushing.then(flush)
    return flushing
  }
  const timer = setInterval(next, EVERY_MS)
  timer.unref()

  return {
    wants: ({ endpoint, target }) => endpoint !== undefined && target === 'monolith' && mayLook(endpoint.id),
    learn(exchange) {
      if (exchange.primary !== 'monolith') return
      // One that was copied for this alone has taken its turn already.
      if (exchange.isShadowed && !mayLook(exchange.endpoint)) return
      const endpoint = endpointOf(exchange)
      if (endpoint === undefined || !bytes.take(exchange.answer.body.length)) return
      const build = buildOf(exchange.answer)
      const shape = newsIn(
        `${build}\n${endpoint.id}`,
        boundEndpoint(shapeOfExchange(endpoint.template, exchange)),
      )
      add({
        ...{ capability: exchange.capability, endpoint: endpoint.id, build, exchanges: 1 },
        ...(shape === undefined ? {} : { shape }),
      })
    },
    flush: next,
    async stop() {
      clearInterval(timer)
      await next()
    },
  }
}

/** Whether an endpoint may be looked at once more now. */
function createLookAllowances(now: () => number): (endpoint: string) => boolean {
  const exchanges = new Map<string, ReturnType<typeof createAllowance>>()
  return (endpoint) => {
    const present = exchanges.get(endpoint)
    if (present === undefined && exchanges.size >= MOST_ENDPOINTS) return false
    const allowance = present ?? createAllowance(EXCHANGES, now)
    exchanges.set(endpoint, allowance)
    return allowance.take(1)
  }
}

/** The part of a shape that this process has not sent yet: all of it, or nothing. */
function createShapeNews(
  now: () => number,
): (key: string, shape: EndpointShape) => EndpointShape | undefined {
  let known = new Map<string, { shape: EndpointShape; text: string }>()
  let forgetAt = now() + FORGET_MS
  return (key, shape) => {
    if (now() >= forgetAt) known = new Map()
    if (now() >= forgetAt) forgetAt = now() + FORGET_MS
    const present = known.get(key)
    const joined = boundEndpoint(present === undefined ? shape : joinEndpoints(present.shape, shape))
    const text = JSON.stringify(joined)
    if (text === present?.text) return undefined
    known.set(key, { shape: joined, text })
    return shape
  }
}

function joinRows(present: PendingRow, row: PendingRow): PendingRow {
  const shape =
    present.shape === undefined || row.shape === undefined
      ? (present.shape ?? row.shape)
      : joinEndpoints(present.shape, row.shape)
  return {
    ...row,
    exchanges: present.exchanges + row.exchanges,
    ...(shape === undefined ? {} : { shape }),
  }
}

/** An endpoint of all methods is one of each in a contract; a HEAD says nothing of the GET that it came to. */
function endpointOf({ endpoint, requests }: CapturedExchange): { id: string; template: string } | undefined {
  const [method = '', template = '/'] = endpoint.split(/\s+(.*)/s)
  const asked = requests.monolith.method
  if (method !== '*' && method.toUpperCase() !== asked) return undefined
  return { id: `${asked} ${template}`, template }
}
