import type { DataPosition } from '../core/data-position.ts'

/** Whether the copy of a capability's data has what the owner had, and waiting until it has. */
export interface CopyWatch {
  /** Whether a copy is kept at all; without one, nothing can be late. */
  isKept(capability: string): boolean
  /**
   * Resolves when everything that was committed before this moment is applied: with how long that took, or `undefined` when it took
   * too long, is not known, or too many wait already.
   */
  catchUp(capability: string): Promise<number | undefined>
}

const LONGEST_WAIT_MS = 5_000
const POLL_MS = 25
const MOST_WAITING = 256

export interface CopyWatchOptions {
  readonly position: Pick<DataPosition, 'appliedThrough' | 'sourceNow'>
  readonly isSynced: (capability: string) => boolean
  readonly longestWaitMs?: number
}

export function createCopyWatch(options: CopyWatchOptions): CopyWatch {
  const { position, isSynced, longestWaitMs = LONGEST_WAIT_MS } = options
  let waiting = 0

  async function catchUp(capability: string): Promise<number | undefined> {
    const begun = performance.now()
    let wanted = latestNow(capability)
    while (performance.now() - begun <= longestWaitMs) {
      // A sync that was paused says nothing; its first word tells what time it was meanwhile.
      wanted ??= latestNow(capability)
      const applied = position.appliedThrough(capability)
      if (wanted !== undefined && applied !== undefined && applied >= wanted) return performance.now() - begun
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return undefined
  }

  function latestNow(capability: string): number | undefined {
    const now = position.sourceNow(capability)
    return now === undefined ? undefined : now.ms + now.errorMs
  }

  return {
    isKept: isSynced,
    async catchUp(capability) {
      if (waiting >= MOST_WAITING) return undefined
      waiting += 1
      try {
        return await catchUp(capability)
      } finally {
        waiting -= 1
      }
    },
  }
}

/** Where no sync is wired: nothing is a copy, and nothing is late. */
export const NO_COPIES: CopyWatch = { isKept: () => false, catchUp: async () => undefined }
