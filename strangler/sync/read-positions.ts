import type { Clock } from '../core/ports.ts'

/** What is refused and not remembered is tried again no sooner, so that it cannot keep the target busy. */
const REST_MS = 1_000
const OLDEST = '0'

/** What one read of a table gave. */
interface TableRead {
  /** The place of its last key in the log, undefined when it gave nothing. */
  readonly through: string | undefined
  /** There may be more behind it. */
  readonly isFull: boolean
}

/**
 * After which version each table is read. From the oldest, as long as every refused key of it is remembered and so left out: then what is read is
 * new. A table with more refused keys than may be remembered is *overfull*: its reads go in turns, one of what is newer than all that was read, one
 * round and round through the rest. So whatever is refused, everything comes to its turn, in bounded memory.
 */
export interface ReadPositions {
  /** The next read is of what is newer than this version. */
  after(table: string): string
  advance(table: string, read: TableRead): void
  /** One of its refused keys is not remembered. */
  overflow(table: string): void
  isOverfull(table: string): boolean
  /** A key of it was refused and forgotten just now. */
  isResting(table: string): boolean
  readonly overfull: readonly string[]
}

interface Position {
  isOverfull: boolean
  /** All up to here was read at least once, but for what committed late. */
  newest: string
  /** Where the round through the rest is, and where it ends. */
  round: { after: string; end: string; forgotten: number }
  /** Whose turn it is. */
  isRoundsTurn: boolean
  restsUntil: number
}

export function createReadPositions(now: Clock): ReadPositions {
  const positions = new Map<string, Position>()
  const positionOf = (table: string): Position => {
    const known = positions.get(table) ?? {
      ...{ isOverfull: false, newest: OLDEST, isRoundsTurn: false, restsUntil: 0 },
      round: { after: OLDEST, end: OLDEST, forgotten: 0 },
    }
    positions.set(table, known)
    return known
  }
  const isInRound = (position: Position) =>
    position.isOverfull && position.isRoundsTurn && now() >= position.restsUntil

  /** A round in which nothing was forgotten has left nothing that is not remembered. */
  const endRound = (position: Position) => {
    position.isOverfull = position.round.forgotten > 0
    position.round = { after: OLDEST, end: position.newest, forgotten: 0 }
  }

  return {
    after(table) {
      const position = positionOf(table)
      if (!position.isOverfull) return OLDEST
      position.isRoundsTurn = isInRound(position)
      return position.isRoundsTurn ? position.round.after : position.newest
    },
    advance(table, { through, isFull }) {
      const position = positionOf(table)
      const { round, isRoundsTurn } = position
      if (through !== undefined) position.newest = later(position.newest, through)
      if (!position.isOverfull) return
      position.isRoundsTurn = !isRoundsTurn
      if (!isRoundsTurn) return
      round.after = through ?? round.after
      // Not only where the log ends: that may move away faster than the round goes.
      if (!isFull || !isBefore(round.after, round.end)) endRound(position)
    },
    overflow(table) {
      const position = positionOf(table)
      if (!position.isOverfull) position.round = { after: OLDEST, end: position.newest, forgotten: 0 }
      position.isOverfull = true
      position.round.forgotten += 1
      position.restsUntil = now() + REST_MS
    },
    isResting: (table) => now() < positionOf(table).restsUntil,
    isOverfull: (table) => positionOf(table).isOverfull,
    get overfull() {
      return [...positions].filter(([, { isOverfull }]) => isOverfull).map(([table]) => table)
    },
  }
}

const isBefore = (one: string, other: string) => BigInt(one) < BigInt(other)
const later = (one: string, other: string) => (isBefore(one, other) ? other : one)
