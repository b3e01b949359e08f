import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Config } from '../config/schema.ts'
import { GAVE_WAY } from '../core/compare-words.ts'
import type { DataPosition } from '../core/data-position.ts'
import type { ReportError } from '../core/ports.ts'
import type { ShadowMarks } from '../core/shadow-mark.ts'
import type { BeginShadowSpan } from '../core/trace-context.ts'
import type { RouteState } from '../core/words.ts'
import type { Decision } from '../routing/decide.ts'
import type { Asked } from './ask-side.ts'
import { createByteBudget } from './byte-budget.ts'
import type { Shadow, Skipped } from './create-shadow.ts'
import { createEvidenceBook } from './evidence-book.ts'
import { createGovernor } from './governor.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import { createOutbox, type Delivery } from './outbox.ts'
import { createProcessorWait } from './processor-wait.ts'
import { createShadowSpans } from './shadow-spans.ts'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'
import { createWants } from './wants.ts'

export interface ShadowBesideOptions {
  readonly config: Config
  readonly secret: Buffer
  readonly marks: ShadowMarks
  readonly position: Pick<DataPosition, 'appliedThrough' | 'sourceNow'>
  readonly report: ReportError
  readonly onVerdict?: (endpoint: string, verdict: string, count: number) => void
  /** Where somebody wants spans. */
  readonly beginSpan?: BeginShadowSpan
}

/** The thread's file is named at run time, so the compiler that packs the kit cannot rename it. */
const OWN_ENDING = extname(import.meta.url)
const POSITIONS_EVERY_MS = 50
/** What a thread may use: answers of sides that nobody knows are in it. */
const MOST_MEGABYTES = 512
const STOP_WITHIN_MS = 3_000
/** One that dies of what it is given must not be started for every exchange. */
const REST_AFTER_DEATH_MS = 1_000

interface RunningThread {
  readonly worker: Worker
  readonly inFlight: InFlight
}

/**
 * The comparison in a thread of its own. It is started by the first exchange that is wanted; one that dies takes what it had with it,
 * which is counted as skipped, and an exchange after a short rest starts another. Here only copies are handed over and counts are taken back.
 */
export function createShadowBeside(options: ShadowBesideOptions): Shadow {
  const { config, marks, position, report, onVerdict } = options
  const budget = createByteBudget(config.compare.maxHeldBytes)
  const book = createEvidenceBook()
  const most = config.compare.concurrency + config.compare.maxWaiting
  const data: ThreadData = { config: withoutFunctions(config), secret: new Uint8Array(options.secret) }
  const spans = options.beginSpan === undefined ? undefined : createShadowSpans(options.beginSpan)
  let state: RouteState | undefined
  let thread: RunningThread | undefined
  let restsUntil = 0
  let stopped = false
  let lastId = 0
  const waiting = new Map<number, (asked: Asked | undefined) => void>()

  function send(message: ToThread, transfer: ArrayBuffer[] = []): void {
    startThread().worker.postMessage(message, transfer)
  }
  function startThread(): RunningThread {
    if (thread !== undefined) return thread
    const worker = new Worker(new URL(`./shadow-thread${OWN_ENDING}`, import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
    })
    const started = { worker, inFlight: createInFlight() }
    thread = started
    worker.unref()
    worker.on('message', hear)
    worker.on('error', (error) => report('compare in a thread', error))
    worker.on('exit', () => end(started))
    if (state !== undefined) worker.postMessage({ kind: 'state', state } satisfies ToThread)
    return started
  }
  /** What it had is lost, and nobody waits for it. */
  function end({ inFlight }: RunningThread): void {
    thread = undefined
    outbox.dropExchanges()
    spans?.lose()
    restsUntil = performance.now() + REST_AFTER_DEATH_MS
    budget.give(inFlight.bytes)
    for (const skipped of inFlight.lost()) noteSkipped(skipped)
    for (const settle of waiting.values()) settle({ kind: 'skipped', reason: 'shadow-reset' })
    waiting.clear()
  }
  function hear(message: FromThread): void {
    if (message.kind === 'found') book.putBack(message.batch)
    else if (message.kind === 'failed') report(message.operation, new Error(message.message))
    else if (message.kind === 'answer') settle(message.id, message.asked)
    else if (message.kind === 'judged') {
      spans?.end(message.traced)
      for (const judged of message.judged) {
        budget.give(judged.bytes)
        thread?.inFlight.remove(judged)
        governor?.note({ ...judged, compared: judged.verdict !== 'skipped' })
        onVerdict?.(judged.endpoint, judged.verdict, judged.count)
      }
    }
  }
  function noteSkipped(skipped: Skipped): void {
    const verdict = skipped.reason === GAVE_WAY ? GAVE_WAY : 'skipped'
    onVerdict?.(skipped.endpoint, verdict, skipped.count)
    outbox.skip(skipped)
  }
  function settle(id: number, asked: Asked | undefined): void {
    waiting.get(id)?.(asked)
    waiting.delete(id)
  }
  function request(make: (id: number) => ToThread): Promise<Asked | undefined> {
    lastId += 1
    const id = lastId
    return new Promise((resolve) => {
      waiting.set(id, resolve)
      send(make(id))
    })
  }
  function isResting(): boolean {
    return thread === undefined && performance.now() < restsUntil
  }
  function deliver({ exchanges, skipped, transfer }: Delivery): boolean {
    if (stopped || isResting()) return false
    send({ kind: 'captured', exchanges, skipped }, transfer)
    return true
  }
  const outbox = createOutbox(deliver)
  const capabilities = Object.entries(config.capabilities).flatMap(([name, { tables }]) =>
    tables.length > 0 ? [name] : [],
  )
  const timer = setInterval(() => {
    if (thread === undefined || thread.inFlight.count === 0 || state?.syncs === undefined) return
    const words = capabilities.map((capability) => ({
      capability,
      appliedThrough: position.appliedThrough(capability),
      sourceNow: position.sourceNow(capability),
      at: Date.now(),
    }))
    if (words.length > 0) send({ kind: 'positions', words })
  }, POSITIONS_EVERY_MS)
  timer.unref()

  const governor = config.compare.giveWay
    ? createGovernor({
        wait: createProcessorWait(),
        now: performance.now.bind(performance),
        random: Math.random,
        onSkipped: noteSkipped,
      })
    : undefined
  const isAdmitted = ({ endpoint }: Decision): boolean =>
    endpoint === undefined || governor === undefined || governor.admits(endpoint.capability, endpoint.id)
  const isWanted = createWants({ config, random: Math.random, state: () => state, clock: Date.now })
  return {
    capture: {
      maxBodyBytes: config.compare.maxBodyBytes,
      takeBytes: budget.take,
      giveBytes: budget.give,
      isOwnMark: marks.isValid,
      wants(decision) {
        if (stopped || !isWanted(decision)) return false
        if (isResting()) this.onSkipped(decision, 'thread-lost')
        else if ((thread?.inFlight.count ?? 0) >= most) this.onSkipped(decision, 'queue-full')
        else return isAdmitted(decision)
        return false
      },
      onCaptured(exchange) {
        if (stopped) return budget.give(exchange.bytes)
        startThread().inFlight.add(exchange)
        outbox.add(spans === undefined ? exchange : spans.begin(exchange))
      },
      onSkipped({ endpoint }, reason) {
        if (endpoint === undefined || stopped) return
        noteSkipped({ capability: endpoint.capability, endpoint: endpoint.id, reason, count: 1 })
      },
    },
    book,
    ask: async (side, asked) =>
      (stopped ? undefined : await request((id) => ({ kind: 'ask', id, side, request: asked }))) ?? {
        kind: 'skipped',
        reason: 'shadow-reset',
      },
    noteSkipped,
    prepare() {
      if (!stopped) startThread()
    },
    follow(next) {
      state = next
      if (thread !== undefined) send({ kind: 'state', state: next })
    },
    async settled() {
      governor?.flush()
      outbox.flush()
      if (thread !== undefined) await request((id) => ({ kind: 'settle', id }))
    },
    get heldBytes() {
      return budget.held
    },
    async stop() {
      if (stopped) return
      governor?.flush()
      if (thread !== undefined) outbox.flush()
      stopped = true
      clearInterval(timer)
      if (thread !== undefined) await stopThread(thread.worker)
    },
  }
}

async function stopThread(worker: Worker): Promise<void> {
  const over = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.ref()
  worker.postMessage({ kind: 'stop' } satisfies ToThread)
  const timer = setTimeout(() => void worker.terminate(), STOP_WITHIN_MS)
  await over
  clearTimeout(timer)
}

function withoutFunctions(config: Config): Config {
  return JSON.parse(
    JSON.stringify(config, (_key, value: unknown) => (typeof value === 'function' ? String(value) : value)),
  ) as Config
}
