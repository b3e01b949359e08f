import { headerValue } from '../compare/raw-headers.ts'
import type { CapturedAnswer, CapturedRequest, SkipReason } from '../core/compare-words.ts'
import { DRY_RUN_HEADER } from '../core/dry-run-words.ts'
import type { Asked } from './ask-side.ts'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

/** Lets writes go only to a service that runs them dry. */
export interface DryRuns {
  /** A write, sent only when the service has said a moment ago that it can; what is no dry run's answer is skipped. */
  askWrite(side: string, request: CapturedRequest): Promise<Asked>
  /** What a read's answer says of the service. An answer that was refused for its mark is none. */
  checkRead(side: string, asked: Asked): Asked
}

export interface DryRunsOptions {
  readonly ask: (side: string, request: CapturedRequest) => Promise<Asked>
  readonly clock: () => number
  /** Told when a service has carried out what it was to run dry. */
  readonly onRealRun: (side: string) => void
}

/** A service that is deployed anew may have lost the helper: a word of it is believed for so long. */
const BELIEVED_MS = 10_000
/** Two at once would wait for each other's locks, and each would say that it was busy. */
const AT_ONCE = 1
const MOST_WAITING = 256
const LONGEST_WAIT_MS = 2_000

export function createDryRuns({ ask, clock, onRealRun }: DryRunsOptions): DryRuns {
  const readyAt = new Map<string, number>()
  const queues = new Map<string, WorkQueue>()

  function note(side: string, answer: CapturedAnswer): string | undefined {
    const outcome = headerValue(answer.headers, DRY_RUN_HEADER)
    if (outcome === 'ready' || outcome === 'rolled-back') readyAt.set(side, clock())
    else readyAt.delete(side)
    return outcome
  }
  async function isReady(side: string, { headers }: CapturedRequest): Promise<boolean> {
    const known = readyAt.get(side)
    if (known !== undefined && clock() - known < BELIEVED_MS) return true
    // Whatever the path answers, the helper stands before it.
    const asked = await ask(side, { method: 'HEAD', target: '/', headers: plain(headers), body: undefined })
    return asked.kind === 'answered' && note(side, asked.answer) === 'ready'
  }

  function queueOf(side: string): WorkQueue {
    const limits = { concurrency: AT_ONCE, maxWaiting: MOST_WAITING, maxWaitMs: LONGEST_WAIT_MS, clock }
    const queue = queues.get(side) ?? createWorkQueue(limits)
    queues.set(side, queue)
    return queue
  }
  async function runDry(side: string, request: CapturedRequest): Promise<Asked> {
    if (!(await isReady(side, request))) return { kind: 'skipped', reason: 'no-dry-run' }
    const asked = await ask(side, request)
    if (asked.kind === 'skipped') return asked
    const outcome = note(side, asked.answer)
    if (outcome === 'rolled-back') return asked
    if (outcome === undefined || outcome === 'ready') onRealRun(side)
    return { kind: 'skipped', reason: REASONS[outcome ?? ''] ?? 'no-dry-run' }
  }

  return {
    askWrite: (side, request) =>
      new Promise((resolve, reject) => {
        const full: Asked = { kind: 'skipped', reason: 'queue-full' }
        const taken = queueOf(side).offer({
          run: () => runDry(side, request).then(resolve, reject),
          drop: () => resolve(full),
        })
        if (!taken) resolve(full)
      }),
    checkRead(side, asked) {
      if (asked.kind === 'skipped') return asked
      return note(side, asked.answer) === 'refused' ? { kind: 'skipped', reason: 'no-dry-run' } : asked
    },
  }
}

const REASONS: Readonly<Record<string, SkipReason>> = { busy: 'busy', timeout: 'shadow-timeout' }

/** Of the write's headers, those that say where it goes: not its length, not its type. */
function plain(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (!/^(content-|transfer-)/i.test(raw[i] as string)) kept.push(raw[i] as string, raw[i + 1] as string)
  return kept
}
