import type { OwnerPosition } from '../core/owner-words.ts'
import type { Clock, Stoppable } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import type { RouteTable } from '../routing/compile-table.ts'

/** How stale an answer may be besides the journal's own way here. */
const LOOK_EVERY_MS = 50

export interface OwnerWatchOptions {
  readonly currentState: () => RouteState
  readonly currentTable: () => RouteTable
  readonly clock: Clock
}

interface Wait {
  /** The tag that the asker knows. */
  readonly seen: string
  /** No answer may be older than this version of the journal. */
  readonly from: OwnerPosition
  readonly forMs: number
  /** The asker has gone. */
  readonly signal: AbortSignal
}

/** Lets questions about owners wait for an answer that is new. */
export interface OwnerWatch extends Stoppable {
  /** Resolves with the first position that is not the one seen; with the same one when the time is over. */
  wait(wait: Wait): Promise<OwnerPosition>
}

export function createOwnerWatch({ currentState, currentTable, clock }: OwnerWatchOptions): OwnerWatch {
  const looks = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function add(look: () => void): void {
    looks.add(look)
    // One look for all: it compares two numbers in memory, and only while somebody waits.
    timer ??= setInterval(() => {
      for (const each of looks) each()
    }, LOOK_EVERY_MS)
  }
  function remove(look: () => void): void {
    looks.delete(look)
    if (looks.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    wait: ({ seen, from, forMs, signal }) =>
      new Promise((resolve) => {
        const endsAt = performance.now() + forMs
        const look = () => {
          const state = currentState()
          const isNewer = state.version >= from.version
          const next = isNewer
            ? describeOwner(from.capability, { state, table: currentTable() }, clock())
            : from
          const isOver = next.tag !== seen || performance.now() >= endsAt || signal.aborted || stopped
          if (!isOver) return
          remove(look)
          resolve(next)
        }
        add(look)
        look()
      }),
    async stop() {
      stopped = true
      for (const look of [...looks]) look()
    },
  }
}

/** @param capability one that the table has */
export function describeOwner(
  capability: string,
  { state, table }: { state: RouteState; table: RouteTable },
  now: number,
): OwnerPosition {
  const { owner, hold } = table.capabilities.get(capability)!
  const epoch = state.owners?.[capability]?.since ?? 0
  // What has run out before its fence holds nobody any more, as in the proxies.
  const isOpen = hold !== undefined && (hold.phase === 'fenced' || now < hold.expiresAt)
  const shown = isOpen
    ? { id: hold.id, phase: hold.phase, expiresAt: new Date(hold.expiresAt).toISOString() }
    : null
  const tag = [owner, epoch, ...(shown === null ? [] : [shown.id, shown.phase])].join('.')
  return { capability, owner, epoch, hold: shown, version: state.version, tag }
}
