import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import type { Asked } from './ask-side.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'

/** The thread that compares, as the serving one knows it: started when it is needed, and anew a while after it has died. */
export interface ComparingThread extends Stoppable {
  readonly isStopped: boolean
  /** What the one that runs has; undefined while none runs. */
  readonly inFlight: InFlight | undefined
  /** One has just died: none is started for a while. */
  isResting(): boolean
  /** Starts one where none runs. @returns what it has */
  start(): InFlight
  /** Starts one where none runs. */
  send(message: ToThread, transfer?: ArrayBuffer[]): void
  /** Resolves with what it answers; `skipped` when it dies before. Starts one where none runs. */
  ask(make: (id: number) => ToThread): Promise<Asked | undefined>
}

export interface ComparingThreadOptions {
  readonly data: ThreadData
  /** What one that starts has to know. */
  readonly state: () => RouteState | undefined
  readonly onMessage: (message: FromThread) => void
  /** It has died, with what it had. */
  readonly onLost: (inFlight: InFlight) => void
  readonly report: ReportError
}

/** The thread's file is named at run time, so the compiler that packs the kit cannot rename it. */
const OWN_ENDING = extname(import.meta.url)
/** What a thread may use: answers of sides that nobody knows are in it. */
const MOST_MEGABYTES = 512
const STOP_WITHIN_MS = 3_000
/** One that dies of what it is given must not be started for every exchange. */
const REST_AFTER_DEATH_MS = 1_000

interface RunningThread {
  readonly worker: Worker
  readonly inFlight: InFlight
}

export function createComparingThread(options: ComparingThreadOptions): ComparingThread {
  const { data, state, onMessage, onLost, report } = options
  let thread: RunningThread | undefined
  let restsUntil = 0
  let stopped = false
  let lastId = 0
  const waiting = new Map<number, (asked: Asked | undefined) => void>()

  function start(): RunningThread {
    if (thread !== undefined) return thread
    const started = { worker: startWorker(data), inFlight: createInFlight() }
    const { worker } = started
    thread = started
    worker.on('message', hear)
    worker.on('error', (error) => report('compare in a thread', error))
    worker.on('exit', () => end(started))
    const known = state()
    if (known !== undefined) worker.postMessage({ kind: 'state', state: known } satisfies ToThread)
    return started
  }
  /** What it had is lost, and nobody waits for it. */
  function end({ inFlight }: RunningThread): void {
    thread = undefined
    restsUntil = performance.now() + REST_AFTER_DEATH_MS
    onLost(inFlight)
    for (const settle of waiting.values()) settle({ kind: 'skipped', reason: 'shadow-reset' })
    waiting.clear()
  }
  function hear(message: FromThread): void {
    if (message.kind !== 'answer') return onMessage(message)
    waiting.get(message.id)?.(message.asked)
    waiting.delete(message.id)
  }

  return {
    get isStopped() {
      return stopped
    },
    get inFlight() {
      return thread?.inFlight
    },
    isResting: () => thread === undefined && performance.now() < restsUntil,
    start: () => start().inFlight,
    send: (message, transfer = []) => start().worker.postMessage(message, transfer),
    ask(make) {
      lastId += 1
      const id = lastId
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        start().worker.postMessage(make(id))
      })
    },
    async stop() {
      stopped = true
      if (thread !== undefined) await stopWorker(thread.worker)
    },
  }
}

/** It keeps no process alive. */
function startWorker(data: ThreadData): Worker {
  const worker = new Worker(new URL(`./shadow-thread${OWN_ENDING}`, import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
  })
  worker.unref()
  return worker
}

async function stopWorker(worker: Worker): Promise<void> {
  const over = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.ref()
  worker.postMessage({ kind: 'stop' } satisfies ToThread)
  const timer = setTimeout(() => void worker.terminate(), STOP_WITHIN_MS)
  await over
  clearTimeout(timer)
}
