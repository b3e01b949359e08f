import type { Config } from '../config/schema.ts'
import { GAVE_WAY } from '../core/compare-words.ts'
import type { ShadowMarks } from '../core/shadow-mark.ts'
import type { BeginShadowSpan } from '../core/trace-context.ts'
import type { RouteState } from '../core/words.ts'
import { createByteBudget } from './byte-budget.ts'
import { captureBasis } from './capture-basis.ts'
import type { ComparingThread } from './comparing-thread.ts'
import type { Shadow, Skipped } from './create-shadow.ts'
import { createGovernor, type Governor } from './governor.ts'
import type { InFlight } from './in-flight.ts'
import { createOutbox } from './outbox.ts'
import { createProcessorWait } from './processor-wait.ts'
import { createShadowSpans } from './shadow-spans.ts'
import type { FromThread } from './thread-messages.ts'
import { createWants } from './wants.ts'

/** Exchanges on their way to the thread that compares, and what is held for them until they are over. */
export interface CaptureBeside {
  readonly capture: Shadow['capture']
  noteSkipped(skipped: Skipped): void
  /** They are over. */
  settle(message: FromThread & { readonly kind: 'judged' }): void
  /** The thread has died with them. */
  lose(inFlight: InFlight): void
  /** Hands over at once what waits. */
  flush(): void
  /** Hands over the last of it, where there is still a thread. */
  end(): void
  readonly heldBytes: number
}

export interface CaptureBesideOptions {
  readonly config: Config
  readonly marks: ShadowMarks
  readonly thread: ComparingThread
  readonly state: () => RouteState | undefined
  readonly onVerdict?: (endpoint: string, verdict: string, count: number) => void
  /** Where somebody wants spans. */
  readonly beginSpan?: BeginShadowSpan
}

export function createCaptureBeside(options: CaptureBesideOptions): CaptureBeside {
  const { config, marks, thread, state, onVerdict } = options
  const budget = createByteBudget(config.compare.maxHeldBytes)
  const most = config.compare.concurrency + config.compare.maxWaiting
  const spans = options.beginSpan === undefined ? undefined : createShadowSpans(options.beginSpan)
  const governor = config.compare.giveWay ? createOwnGovernor(noteSkipped) : undefined
  const isWanted = createWants({ config, random: Math.random, state, clock: Date.now })
  const outbox = createOutbox(({ exchanges, skipped, transfer }) => {
    if (thread.isStopped || thread.isResting()) return false
    thread.send({ kind: 'captured', exchanges, skipped }, transfer)
    return true
  })

  function noteSkipped(skipped: Skipped): void {
    const verdict = skipped.reason === GAVE_WAY ? GAVE_WAY : 'skipped'
    onVerdict?.(skipped.endpoint, verdict, skipped.count)
    outbox.skip(skipped)
  }

  return {
    capture: {
      ...captureBasis(config, marks, budget),
      wants(decision) {
        if (thread.isStopped || !isWanted(decision)) return false
        const { endpoint } = decision
        if (thread.isResting()) this.onSkipped(decision, 'thread-lost')
        else if ((thread.inFlight?.count ?? 0) >= most) this.onSkipped(decision, 'queue-full')
        else
          return (
            governor === undefined ||
            endpoint === undefined ||
            governor.admits(endpoint.capability, endpoint.id)
          )
        return false
      },
      onCaptured(exchange) {
        if (thread.isStopped) return budget.give(exchange.bytes)
        thread.start().add(exchange)
        outbox.add(spans === undefined ? exchange : spans.begin(exchange))
      },
      onSkipped({ endpoint }, reason) {
        if (endpoint === undefined || thread.isStopped) return
        noteSkipped({ capability: endpoint.capability, endpoint: endpoint.id, reason, count: 1 })
      },
    },
    noteSkipped,
    settle(message) {
      spans?.end(message.traced)
      for (const judged of message.judged) {
        budget.give(judged.bytes)
        thread.inFlight?.remove(judged)
        governor?.note({ ...judged, compared: judged.verdict !== 'skipped' })
        onVerdict?.(judged.endpoint, judged.verdict, judged.count)
      }
    },
    lose(inFlight) {
      outbox.dropExchanges()
      spans?.lose()
      budget.give(inFlight.bytes)
      for (const skipped of inFlight.lost()) noteSkipped(skipped)
    },
    flush() {
      governor?.flush()
      outbox.flush()
    },
    end() {
      governor?.flush()
      if (thread.inFlight !== undefined) outbox.flush()
    },
    get heldBytes() {
      return budget.held
    },
  }
}

function createOwnGovernor(onSkipped: (skipped: Skipped) => void): Governor {
  return createGovernor({
    wait: createProcessorWait(),
    now: performance.now.bind(performance),
    random: Math.random,
    onSkipped,
  })
}
