import { StranglerError } from '../core/errors.ts'
import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { SyncDatabase } from './database.ts'
import type { IntakeDialect } from './dialect.ts'
import { createLoop } from './loop.ts'

/** In one statement, so that it ends long before its timeout. */
const AT_ONCE = 5_000
/** Nobody else moves while the relay is paused. */
const EVERY_MS = 500
/** Dead entries in a few hundred pages cost a move less than they take to clean. */
const CLEAN_AFTER = 20_000
/** In one statement, dead entries or not: 32 MiB, which any disk reads long before the statement's timeout. */
const BLOCKS_AT_ONCE = 4_096
/** Each writer fills a block of its own near the end, and there may be many. */
const BLOCKS_NEAR_END = 64
/** Looking through all of the place takes a tenth of the time at most, when it is long. */
const REST_PER_LOOK = 10
const TELL_EVERY_MS = 60_000

/** Moves what the triggers have written into the log, from which alone the relay reads. Goes on while the sync is paused. */
export interface IntakeMover extends Stoppable {
  start(): void
  /**
   * What was committed before the call is in the log afterwards, except in a backlog, or where it failed, which is reported: then entries come late, and what is in the
   * log already need not wait. One call after the other.
   */
  move(): Promise<void>
}

export interface IntakeMoverOptions {
  readonly source: SyncDatabase
  readonly report: ReportError
  readonly now?: Clock
  /** That one statement looks through. */
  readonly blocksAtOnce?: number
}

/** Nothing is right or wrong by it: every question of what waits is asked of both places. */
export function createIntakeMover(options: IntakeMoverOptions): IntakeMover {
  const { intake } = options.source.dialect
  if (intake === undefined)
    return { start: () => undefined, move: async () => undefined, stop: async () => undefined }
  const moveSome = createMoves(options, intake)
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (): Promise<boolean> => {
    const turn = last.then(moveSome)
    last = turn.catch(() => undefined)
    return turn
  }
  const loop = createLoop({
    work: inTurn,
    shortestPauseMs: EVERY_MS,
    longestPauseMs: EVERY_MS,
    onError: (error) => options.report('sync.intake', error),
  })
  return {
    start: loop.start,
    async move() {
      await inTurn().catch((error: unknown) => options.report('sync.intake', error))
    },
    stop: loop.stop,
  }
}

const nearEnd = (ends: number) => Math.max(0, ends - BLOCKS_NEAR_END)

interface Moved {
  /** There may be more where it ended. */
  readonly isFull: boolean
  /** Where to go on; undefined at the end of the place. */
  readonly next: number | undefined
  readonly ends: number
}

function createMoves(options: IntakeMoverOptions, intake: IntakeDialect): () => Promise<boolean> {
  const { source, report, blocksAtOnce = BLOCKS_AT_ONCE } = options
  const now = options.now ?? performance.now.bind(performance)
  /** Behind it stands what was written since; not known before the first look. */
  let tail: number | undefined
  /** Where the look through all of the place goes on, which finds what was written where older entries have been. */
  let sweep = 0
  let sweepAt = Number.NEGATIVE_INFINITY
  let uncleaned = 0
  let tellAt = Number.NEGATIVE_INFINITY

  /** A backlog leaves as many dead entries as it had: to pass them again and again would take the square of the time. */
  async function moveSome(): Promise<boolean> {
    const isWhole = now() >= sweepAt && (await sweepOn())
    const isMore = isWhole ? false : await followTail()
    if (!isMore) await tidy()
    return isMore
  }

  /** @returns whether it has seen all there is */
  async function sweepOn(): Promise<boolean> {
    const began = now()
    try {
      const { isFull, next, ends } = await moveFrom(sweep)
      const isWhole = sweep === 0 && next === undefined
      if (isWhole) tail = nearEnd(ends)
      // A backlog is followed from where it stands.
      else if (next !== undefined && (isFull || tail === undefined)) tail = Math.min(tail ?? next, next)
      sweep = next ?? 0
      return isWhole
    } finally {
      // Also after a failure: what took too long once would take all of the time.
      sweepAt = now() + REST_PER_LOOK * (now() - began)
    }
  }

  async function followTail(): Promise<boolean> {
    const { next, ends } = await moveFrom(tail ?? 0)
    // The place may have become shorter.
    tail = next ?? nearEnd(ends)
    return next !== undefined
  }

  async function moveFrom(from: number): Promise<Moved> {
    const [row] = await source.query(intake.move(from, AT_ONCE, blocksAtOnce))
    const moved = Number(row?.['moved'] ?? 0)
    const ends = Number(row?.['ends'] ?? 0)
    uncleaned += moved
    if (moved >= AT_ONCE) return { isFull: true, next: Number(row?.['block'] ?? from), ends }
    const behind = from + blocksAtOnce
    return { isFull: false, next: behind < ends ? behind : undefined, ends }
  }

  async function tidy(): Promise<void> {
    try {
      if (uncleaned >= CLEAN_AFTER) {
        uncleaned = 0
        await source.query(intake.clean)
      }
      if (now() < tellAt) return
      tellAt = now() + TELL_EVERY_MS
      const stuck = await source.query(intake.readUnmovable)
      if (stuck.length > 0) report('sync.intake', unmovable(stuck))
    } catch (error) {
      // Autovacuum comes too.
      report('sync.intake', error)
    }
  }
  return moveSome
}

function unmovable(stuck: readonly Record<string, string | null>[]): StranglerError {
  const keys = stuck.map((row) => `${row['tbl']} ${row['key']}…`).join(', ')
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The key of a changed row is too long for an index of PostgreSQL, so its change cannot be carried: ${keys}. The application's write has passed, and other rows are carried.`,
    {
      fix: 'Give the row a shorter key, or take its table out of `tables`; then delete what waits: `DELETE FROM strangler.change_intake WHERE pg_column_size(key) > 2600`.',
    },
  )
}
