import type { Clock } from '../core/ports.ts'
import type { Hold, HoldPhase } from '../core/words.ts'
import { countWritesInFlight, type WriteKind } from './writes-in-flight.ts'

/** How a write left the waiting room. `go`: forward it by the present table. */
export type HoldAnswer = 'go' | 'full' | 'timeout' | 'gone'

/** Something that tells when the waiting client has left. */
export interface Waiter {
  onGone(listener: () => void): () => void
}

/**
 * Keeps the writes of a capability waiting during a cut-over. Before the fence a hold that runs out lets them go to the old owner;
 * once fenced nobody may guess, so they wait, or get 503, until the journal says `released` or `aborted`.
 */
export interface WriteHolds {
  /** Takes the holds of a new table, and which cut-over is announced. Call it with every table, before the table serves. */
  apply(holds: ReadonlyMap<string, Hold>, announced?: ReadonlyMap<string, string>): void
  /** The phase of the hold that a write must wait for now; undefined when none does. */
  phaseOf(capability: string): HoldPhase | undefined
  /** Waits until the write may go, at most `maxWaitMs`. */
  wait(capability: string, waiter: Waiter, maxWaitMs: number): Promise<HoldAnswer>
  /** Counts a write in flight; call the returned function once, when it has ended. */
  begin(capability: string, kind?: WriteKind): () => void
  /** The ids of the holds under which no write of this proxy is in flight, and of the announcements before which none began that still is. */
  acknowledged(): string[]
  /** Writes that wait now, per capability. */
  waiting(): ReadonlyMap<string, number>
  stop(): void
}

export interface WriteHoldOptions {
  readonly clock: Clock
  readonly maxWaiting: number
  /** The acknowledgements have changed: the coordinator waits for them. */
  readonly onAcknowledged: (holdIds: string[]) => void
}

interface Room {
  hold: Hold
  readonly waiting: Set<(answer: HoldAnswer) => void>
  expiry: NodeJS.Timeout | undefined
}

export function createWriteHolds(options: WriteHoldOptions): WriteHolds {
  const rooms = new Map<string, Room>()
  let lastAcknowledged = ''

  const empty = (room: Room, answer: HoldAnswer) => {
    clearTimeout(room.expiry)
    for (const leave of [...room.waiting]) leave(answer)
  }
  const isExpired = ({ hold }: Room) => hold.phase === 'holding' && options.clock() >= hold.expiresAt
  const inFlight = countWritesInFlight({
    onChange: () => {
      if (rooms.size > 0) tellAcknowledged()
    },
    onEnded: () => tellAcknowledged(),
  })
  const acknowledged = () => [
    ...[...rooms.values()]
      .filter((room) => !isExpired(room) && !inFlight.hasAny(room.hold.capability))
      .map(({ hold }) => hold.id),
    ...inFlight.ended(),
  ]
  const tellAcknowledged = () => {
    const ids = acknowledged()
    const key = ids.join()
    if (key === lastAcknowledged) return
    lastAcknowledged = key
    options.onAcknowledged(ids)
  }
  const watchExpiry = (room: Room) => {
    clearTimeout(room.expiry)
    if (room.hold.phase === 'fenced') return
    const expire = () => {
      // A timer may fire a moment before the clock says so; whoever were let go then would wait again, and for nobody.
      if (!isExpired(room)) return watchExpiry(room)
      empty(room, 'go')
      tellAcknowledged()
    }
    room.expiry = setTimeout(expire, Math.max(1, room.hold.expiresAt - options.clock()))
  }

  return {
    apply(holds, announced = new Map()) {
      inFlight.announce(announced)
      for (const [capability, room] of rooms) {
        if (holds.get(capability)?.id === room.hold.id) continue
        rooms.delete(capability)
        empty(room, 'go')
      }
      for (const [capability, hold] of holds) {
        const room = rooms.get(capability) ?? { hold, waiting: new Set(), expiry: undefined }
        room.hold = hold
        rooms.set(capability, room)
        watchExpiry(room)
      }
      tellAcknowledged()
    },
    phaseOf(capability) {
      const room = rooms.get(capability)
      return room === undefined || isExpired(room) ? undefined : room.hold.phase
    },
    wait(capability, waiter, maxWaitMs) {
      const room = rooms.get(capability)
      if (room === undefined || isExpired(room)) return Promise.resolve('go')
      if (room.waiting.size >= options.maxWaiting) return Promise.resolve('full')
      return waitIn(room, waiter, maxWaitMs)
    },
    begin: (capability, kind = 'passing') => inFlight.begin(capability, kind),
    acknowledged,
    waiting: () => new Map([...rooms].map(([capability, room]) => [capability, room.waiting.size])),
    stop() {
      for (const room of rooms.values()) empty(room, 'timeout')
      rooms.clear()
    },
  }
}

function waitIn(room: Room, waiter: Waiter, maxWaitMs: number): Promise<HoldAnswer> {
  return new Promise((resolve) => {
    const leave = (answer: HoldAnswer) => {
      room.waiting.delete(leave)
      clearTimeout(timer)
      forget()
      resolve(answer)
    }
    const timer = setTimeout(() => leave('timeout'), maxWaitMs)
    const forget = waiter.onGone(() => leave('gone'))
    room.waiting.add(leave)
  })
}
