/** The bound of all copies that are held at once, whatever they wait for. */
export interface ByteBudget {
  /** False when they do not fit any more; nothing is taken then. */
  take(count: number): boolean
  give(count: number): void
  readonly held: number
}

export function createByteBudget(most: number): ByteBudget {
  let held = 0
  return {
    take(count) {
      if (held + count > most) return false
      held += count
      return true
    },
    give(count) {
      held -= count
    },
    get held() {
      return held
    },
  }
}
