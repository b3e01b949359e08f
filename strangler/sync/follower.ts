import { sayWithFix } from '../core/errors.ts'
import type { Stoppable } from '../core/ports.ts'
import type { SyncOrder } from '../core/words.ts'

const RETRY_MS = 2_000

/** Has what runs made the same as what the journal wants, again and again until it is. */
export interface Follower extends Stoppable {
  follow(order: SyncOrder | undefined): void
  /** Stops what runs; a later order starts it again. */
  end(): Promise<void>
  /** Something has changed that the journal does not tell. */
  look(): void
  /** Why it does not run although it should. */
  failure(): string | undefined
  /** One step after the other: nothing is installed while something starts. */
  inTurn<T>(step: () => Promise<T>): Promise<T>
}

export interface FollowerOptions {
  /** Makes it so; undefined: nothing is to run. @throws why it cannot, which is tried again */
  readonly settle: (wanted: SyncOrder | undefined) => Promise<void>
  /** Told of each failure once: the same one every two seconds tells nothing new. */
  readonly onFailure: (error: unknown) => void
}

export function createFollower({ settle, onFailure }: FollowerOptions): Follower {
  const inTurn = createTurns()
  let wanted: SyncOrder | undefined
  let failure: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false

  async function attempt(): Promise<void> {
    await settle(stopped ? undefined : wanted)
    failure = undefined
  }
  function look(): void {
    clearTimeout(retry)
    inTurn(attempt).catch((error: unknown) => {
      const said = sayWithFix(error)
      if (said !== failure) onFailure(error)
      failure = said
      if (!stopped) retry = setTimeout(look, RETRY_MS)
    })
  }

  return {
    inTurn,
    look,
    follow(order) {
      wanted = order
      look()
    },
    async end() {
      wanted = undefined
      await inTurn(attempt)
    },
    failure: () => failure,
    async stop() {
      stopped = true
      clearTimeout(retry)
      await inTurn(attempt)
    },
  }
}

function createTurns(): Follower['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (step) => {
    const turn = last.then(step)
    last = turn.catch(() => undefined)
    return turn
  }
}
