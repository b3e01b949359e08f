import type { SyncHeartbeat } from './core/data-position.ts'
import type { ReportError } from './core/ports.ts'
import type { ReleaseList } from './release-list.ts'
import { createLagBook, type LagBook } from './state/lag-book.ts'
import { createPositionBoard } from './state/position-board.ts'
import { createPositionKeeper, type PositionKeeper } from './state/position-keeper.ts'

/** What this process knows of the copies, and how its own syncs tell it to all. */
export interface PositionPart {
  readonly keeper: PositionKeeper
  readonly lag: LagBook
  /** A heartbeat of a sync of this process. */
  tell(heartbeat: SyncHeartbeat): void
  /** A write whose mark could not be stored: for the other proxies. */
  announceWrite(capability: string): void
  /** Another proxy could not store a write's mark. */
  onWriteElsewhere(listener: (capability: string) => void): void
}

export function startPositionPart(
  controlUrl: string,
  { report, releases }: { report: ReportError; releases: ReleaseList },
): PositionPart {
  const keeper = createPositionKeeper(() => performance.now())
  // What it knows outlives the process, so it goes by the time of day; a clock that is set back must not disturb it.
  const lag = createLagBook(() => performance.timeOrigin + performance.now())
  const hear = (heartbeat: SyncHeartbeat) => {
    keeper.hear(heartbeat)
    lag.hear(heartbeat)
  }
  let tellProxy: (capability: string) => void = () => undefined
  const board = createPositionBoard({
    url: controlUrl,
    onHeartbeat: hear,
    onWrite: (capability) => tellProxy(capability),
    report,
  })
  board.start()
  releases.add('the exchange of positions', () => board.stop())
  return {
    keeper,
    lag,
    tell(heartbeat) {
      hear(heartbeat)
      board.publish(heartbeat)
    },
    announceWrite: board.announceWrite,
    onWriteElsewhere(listener) {
      tellProxy = listener
    },
  }
}
