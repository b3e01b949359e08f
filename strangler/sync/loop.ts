import type { Stoppable } from '../core/ports.ts'

export interface LoopOptions {
  /** One round; true when there is more to do at once. */
  readonly work: () => Promise<boolean>
  /** Pauses grow from the shortest to the longest while there is nothing to do. */
  readonly shortestPauseMs: number
  readonly longestPauseMs: number
  /** A failed round is reported and tried again after the longest pause. */
  readonly onError: (error: unknown) => void
}

/** Work that comes back by itself. Every method may be called at any time and any number of times. */
export interface Loop extends Stoppable {
  start(): void
  /** The next round begins after the shortest pause at most. */
  wake(): void
  pause(): void
  resume(): void
}

export function createLoop(options: LoopOptions): Loop {
  let state: 'new' | 'running' | 'stopped' = 'new'
  let paused = false
  let pauseMs = options.shortestPauseMs
  let woken = false
  let hurryRest: (() => void) | undefined
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    while (state === 'running') {
      const more = paused ? false : await round()
      if (state !== 'running') return
      if (!more) await rest()
    }
  }

  async function round(): Promise<boolean> {
    try {
      const more = await options.work()
      pauseMs = more ? options.shortestPauseMs : Math.min(options.longestPauseMs, pauseMs * 1.5)
      return more
    } catch (error) {
      options.onError(error)
      pauseMs = options.longestPauseMs
      return false
    }
  }

  // A wake-up shortens a rest to the shortest pause, never below: many of them at once are one.
  function rest(): Promise<void> {
    const began = performance.now()
    const lasts = woken && !paused ? options.shortestPauseMs : pauseMs
    woken = false
    return new Promise((resolve) => {
      let timer = setTimeout(end, lasts)
      hurryRest = () => {
        clearTimeout(timer)
        const leftMs = state === 'running' ? options.shortestPauseMs - (performance.now() - began) : 0
        timer = setTimeout(end, Math.max(0, leftMs))
      }
      function end() {
        hurryRest = undefined
        resolve()
      }
    })
  }

  function hurry(): void {
    pauseMs = options.shortestPauseMs
    woken = hurryRest === undefined
    hurryRest?.()
  }

  return {
    start() {
      if (state !== 'new') return
      state = 'running'
      running = run()
    },
    wake: hurry,
    pause() {
      paused = true
    },
    resume() {
      paused = false
      hurry()
    },
    async stop() {
      state = 'stopped'
      hurryRest?.()
      await running
    },
  }
}
