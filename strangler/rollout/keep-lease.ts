import type { RolloutPorts } from './ports.ts'

const EVERY_MS = 250
/** Others wait for a second. */
const GOOD_FOR_MS = 500

export interface KeptLease {
  /** Asks only where the last word is too old: each is a commit, and writes are held meanwhile. */
  isMine(): Promise<boolean>
  stop(): void
}

/** Says again and again that somebody is there: a step may take longer than others wait for a word. */
export function keepLease(
  { holdLease, report }: Pick<RolloutPorts, 'holdLease' | 'report'>,
  cutoverId: string,
): KeptLease {
  let heldAt = Number.NEGATIVE_INFINITY
  async function hold(): Promise<boolean> {
    const askedAt = performance.now()
    const isMine = await holdLease(cutoverId)
    heldAt = isMine ? Math.max(heldAt, askedAt) : Number.NEGATIVE_INFINITY
    return isMine
  }
  const timer = setInterval(() => {
    hold().catch((error: unknown) => report('cutover.lease', error))
  }, EVERY_MS)
  return {
    isMine: async () => performance.now() - heldAt < GOOD_FOR_MS || hold(),
    stop: () => clearInterval(timer),
  }
}
