import type { Config } from '../config/schema.ts'
import type { CapturedRequest } from '../core/compare-words.ts'
import type { Stoppable } from '../core/ports.ts'
import { type Asked, createSideConnection, type SideConnection } from './ask-side.ts'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

/** Asks any side once more, within its bounds. */
export interface SideQueues extends Stoppable {
  /** Whether a request to this side would be taken now. */
  hasRoom(side: string): boolean
  ask(side: string, request: CapturedRequest, timeoutMs: number): Promise<Asked>
}

/** Drop rather than queue for long: what waits is compared with data that moves on. */
const LONGEST_WAIT_MS = 2_000

export function createSideQueues(config: Config): SideQueues {
  const { concurrency, maxWaiting, maxBodyBytes } = config.compare
  const sides = new Map<string, { connection: SideConnection; queue: WorkQueue }>()

  function sideOf(name: string): { connection: SideConnection; queue: WorkQueue } {
    const present = sides.get(name)
    if (present !== undefined) return present
    const url = config.sides[name]?.url ?? ''
    const made = {
      connection: createSideConnection(url, concurrency),
      queue: createWorkQueue({ concurrency, maxWaiting, maxWaitMs: LONGEST_WAIT_MS, clock: Date.now }),
    }
    sides.set(name, made)
    return made
  }

  return {
    hasRoom: (side) => sideOf(side).queue.hasRoom,
    ask: (side, request, timeoutMs) =>
      new Promise((resolve) => {
        const { connection, queue } = sideOf(side)
        const full: Asked = { kind: 'skipped', reason: 'queue-full' }
        const taken = queue.offer({
          run: async () => resolve(await connection.ask(request, { timeoutMs, maxBodyBytes })),
          drop: () => resolve(full),
        })
        if (!taken) resolve(full)
      }),
    async stop() {
      await Promise.all(
        [...sides.values()].map(async ({ connection, queue }) => {
          const idle = queue.stop()
          await connection.stop()
          await idle
        }),
      )
      sides.clear()
    },
  }
}
