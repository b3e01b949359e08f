import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, ChangeBatch, Direction } from '../core/sync-words.ts'
import { createAcknowledger } from './acknowledge.ts'
import type { TraceApply } from './apply/trace-apply.ts'
import { type Applier, createApplier } from './apply.ts'
import { raiseEpoch, readQuarantine } from './bookkeeping.ts'
import type { SyncDatabase, TextRow } from './database.ts'
import { runSchemaChange } from './install-sync.ts'
import { createLagReader, type Lag } from './lag.ts'
import type { TableRoute } from './mapping.ts'
import { createIntakeMover } from './move-intake.ts'
import { createRelay, type RelayBounds, type RelayStatus } from './relay.ts'
import type { Lane, Transport } from './transport.ts'

/** Whoever writes at that moment holds the log. */
const LOG_UP_WITHIN_MS = 10_000

interface LinkBasis {
  readonly capability: string
  readonly installation: string
  readonly direction: Direction
  readonly epoch: number
  readonly routes: readonly TableRoute[]
  readonly transport: Transport
  readonly report: ReportError
}

export interface SourceEndOptions extends LinkBasis {
  readonly source: SyncDatabase
  /** The relay's clock, in milliseconds. */
  readonly now?: Clock
  readonly bounds?: RelayBounds
  /** Told of every result, after its log entries are gone. */
  readonly onSettled?: (result: BatchResult) => void
  /** The queue has lost everything. */
  readonly onQueueLost?: () => void
}

export interface TargetEndOptions extends LinkBasis {
  readonly target: SyncDatabase
  readonly traceApply?: TraceApply | undefined
}

export interface SourceStatus extends Lag, RelayStatus {
  readonly state: LinkState
}

type LinkState = 'new' | 'running' | 'paused' | 'stopped'

/** Any of these may be called at any time and twice; after `stop` nothing starts again. */
interface LinkEnd extends Stoppable {
  start(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Reads the log and empties it; needs the source's database only. */
export interface SourceEnd extends LinkEnd {
  /** Something was written just now: do not wait for the next round. */
  wake(): void
  /** @throws the database's error */
  status(): Promise<SourceStatus>
  /** Whether everything that was committed in the source before `time` (epoch ms, the source's clock) is applied. */
  appliedThrough(time: number): Promise<boolean>
}

/** Applies jobs; needs the target's database only. */
export interface TargetEnd extends LinkEnd {
  /** What could not be applied: `tbl, key, version, error, attempts`, the most tried first. */
  quarantine(limit?: number): Promise<TextRow[]>
}

export function createSourceEnd(options: SourceEndOptions): SourceEnd {
  const { capability, epoch, source, transport, routes } = options
  const mover = createIntakeMover(options)
  const relay = createRelay({ ...options, gather: mover.move })
  const readLag = createLagReader(
    source,
    routes.map((route) => route.source.table),
  )
  const acknowledge = createAcknowledger({
    epoch,
    source,
    routes,
    onSettled: (result) => {
      relay.settle(result)
      options.onSettled?.(result)
    },
  })
  const life = createLife({
    async start() {
      // An older version of the kit may have installed it, and may still run.
      await runSchemaChange(source, source.dialect.logUp(), Date.now() + LOG_UP_WITHIN_MS)
      const state = { capability, role: 'source', epoch } as const
      await source.query(raiseEpoch(source.dialect.name, state))
      mover.start()
      relay.start()
      return [relay, mover, transport.receiveResults(acknowledge)]
    },
    pause: () => relay.pause(),
    resume: () => relay.resume(),
  })
  return {
    ...life.methods,
    wake: relay.wake,
    status: async () => ({ state: life.state(), ...(await readLag()), ...relay.status() }),
    appliedThrough: async (time) => (await readLag()).appliedThrough >= time,
  }
}

export function createTargetEnd(options: TargetEndOptions): TargetEnd {
  const { capability, installation, target, routes, transport, report, traceApply } = options
  const tables = routes.map((route) => route.target)
  const applier = createApplier({ capability, installation, target, tables, report, traceApply })
  const life = createLife({
    async start() {
      const lanes: Lane[] = ['apply', 'backfill']
      return lanes.map((lane) =>
        transport.receiveBatches(lane, (batch) => applyAndAnswer(applier, transport, batch)),
      )
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
  })
  return {
    ...life.methods,
    quarantine(limit = 100) {
      const names = tables.map(({ table }) => table.name)
      return target.query(readQuarantine(target.dialect.name, names, limit))
    },
  }
}

async function applyAndAnswer(applier: Applier, transport: Transport, batch: ChangeBatch): Promise<void> {
  const result = await applier.apply(batch)
  if (result !== undefined) await transport.sendResults([result])
}

interface LifeOptions {
  /** What must be stopped at the end. */
  readonly start: () => Promise<readonly Stoppable[]>
  readonly pause: () => void | Promise<void>
  readonly resume: () => void | Promise<void>
}

/** One step after the other, however they are called. */
function createLife(options: LifeOptions): { state: () => LinkState; methods: LinkEnd } {
  let state: LinkState = 'new'
  let open: readonly Stoppable[] = []
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (step: () => Promise<void>) => {
    const turn = last.then(step)
    last = turn.catch(() => undefined)
    return turn
  }
  const methods: LinkEnd = {
    start: () =>
      inTurn(async () => {
        if (state !== 'new') return
        open = await options.start()
        state = 'running'
      }),
    pause: () =>
      inTurn(async () => {
        if (state !== 'running') return
        await options.pause()
        state = 'paused'
      }),
    resume: () =>
      inTurn(async () => {
        if (state !== 'paused') return
        await options.resume()
        state = 'running'
      }),
    stop: () =>
      inTurn(async () => {
        if (state === 'stopped') return
        state = 'stopped'
        await Promise.all(open.map((part) => part.stop()))
      }),
  }
  return { state: () => state, methods }
}
