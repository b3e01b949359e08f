import type { Config } from '../config/schema.ts'
import type { DataPosition } from '../core/data-position.ts'
import type { ReportError } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import { type CaptureBesideOptions, createCaptureBeside } from './capture-beside.ts'
import { type ComparingThread, createComparingThread } from './comparing-thread.ts'
import type { Shadow } from './create-shadow.ts'
import { createEvidenceBook } from './evidence-book.ts'
import type { FromThread } from './thread-messages.ts'

export interface ShadowBesideOptions extends Omit<CaptureBesideOptions, 'thread' | 'state'> {
  readonly secret: Buffer
  readonly position: Pick<DataPosition, 'appliedThrough' | 'sourceNow'>
  readonly report: ReportError
}

const POSITIONS_EVERY_MS = 50

/**
 * The comparison in a thread of its own. It is started by the first exchange that is wanted; one that dies takes what it had with it,
 * which is counted as skipped, and an exchange after a short rest starts another. Here only copies are handed over and counts are taken back.
 */
export function createShadowBeside(options: ShadowBesideOptions): Shadow {
  const { config, report } = options
  const book = createEvidenceBook()
  let state: RouteState | undefined
  const thread = createComparingThread({
    data: { config: withoutFunctions(config), secret: new Uint8Array(options.secret) },
    state: () => state,
    onMessage: hear,
    onLost: (inFlight) => beside.lose(inFlight),
    report,
  })
  const beside = createCaptureBeside({ ...options, thread, state: () => state })
  const endPositions = tellPositions(options, thread, () => state)

  function hear(message: FromThread): void {
    if (message.kind === 'found') book.putBack(message.batch)
    else if (message.kind === 'failed') report(message.operation, new Error(message.message))
    else if (message.kind === 'judged') beside.settle(message)
  }

  return {
    capture: beside.capture,
    book,
    ask: async (side, asked) =>
      (thread.isStopped
        ? undefined
        : await thread.ask((id) => ({ kind: 'ask', id, side, request: asked }))) ?? {
        kind: 'skipped',
        reason: 'shadow-reset',
      },
    noteSkipped: beside.noteSkipped,
    prepare() {
      if (!thread.isStopped) thread.start()
    },
    follow(next) {
      state = next
      if (thread.inFlight !== undefined) thread.send({ kind: 'state', state: next })
    },
    async settled() {
      beside.flush()
      if (thread.inFlight !== undefined) await thread.ask((id) => ({ kind: 'settle', id }))
    },
    get heldBytes() {
      return beside.heldBytes
    },
    async stop() {
      if (thread.isStopped) return
      beside.end()
      endPositions()
      await thread.stop()
    },
  }
}

/** While the thread has something, it hears how far the copies are. @returns what ends it */
function tellPositions(
  { config, position }: ShadowBesideOptions,
  thread: ComparingThread,
  state: () => RouteState | undefined,
): () => void {
  const capabilities = Object.entries(config.capabilities).flatMap(([name, { tables }]) =>
    tables.length > 0 ? [name] : [],
  )
  const timer = setInterval(() => {
    if ((thread.inFlight?.count ?? 0) === 0 || state()?.syncs === undefined) return
    const words = capabilities.map((capability) => ({
      capability,
      appliedThrough: position.appliedThrough(capability),
      sourceNow: position.sourceNow(capability),
      at: Date.now(),
    }))
    if (words.length > 0) thread.send({ kind: 'positions', words })
  }, POSITIONS_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function withoutFunctions(config: Config): Config {
  return JSON.parse(
    JSON.stringify(config, (_key, value: unknown) => (typeof value === 'function' ? String(value) : value)),
  ) as Config
}
