import type { RouteState, Side } from '../../strangler/core/words.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { CAPABILITY } from './model-setting.ts'

/** Sends one write at a time to the owner that it knows of, unless it knows of a hold. */
export class ModelProxy {
  seen: RouteState
  /** The announcement that it has answered: what was in flight when it saw it has ended. */
  answered: string | undefined
  /** A write on its way to this side. */
  #inFlight: Side | undefined

  constructor(state: RouteState) {
    this.seen = state
  }

  /** It answers an announcement at once, or when the write ends that is in flight by then. */
  see(state: RouteState): void {
    const isNew = this.seen.announced?.[CAPABILITY] !== state.announced?.[CAPABILITY]
    this.seen = state
    if (isNew && this.#inFlight === undefined) this.#answer()
  }

  begin(now: number): void {
    const hold = this.seen.holds[CAPABILITY]
    const isHeld = hold !== undefined && (hold.phase === 'fenced' || hold.expiresAt > now)
    if (!isHeld) this.#inFlight ??= ownerOf(this.seen, CAPABILITY)
  }

  /** @returns to which side it went */
  end(): Side | undefined {
    const side = this.#inFlight
    this.#inFlight = undefined
    if (side !== undefined) this.#answer()
    return side
  }

  hasAcknowledged(holdId: string): boolean {
    return this.seen.holds[CAPABILITY]?.id === holdId && this.#inFlight === undefined
  }

  #answer(): void {
    this.answered = this.seen.announced?.[CAPABILITY] ?? this.answered
  }
}
