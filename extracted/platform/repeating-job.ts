import type { Logger } from 'pino'

export interface RepeatingJob {
  start(): void
  /** Resolves when a run that is under way has finished. Safe to call twice, or before `start`. */
  stop(): Promise<void>
}

export interface JobDescription {
  readonly name: string
  /** 0 = never by itself. */
  readonly intervalMs: number
  readonly work: () => Promise<unknown>
}

/** Never two runs at once; a failed run is logged and the next one tries again. */
export function createRepeatingJob({ name, intervalMs, work }: JobDescription, logger: Logger): RepeatingJob {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> | undefined
  const run = () => {
    running ??= work()
      .catch((error: unknown) => logger.error({ err: error, job: name }, `${name} failed`))
      .finally(() => {
        running = undefined
      })
  }
  return {
    start() {
      if (intervalMs > 0) timer ??= setInterval(run, intervalMs)
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await running
    },
  }
}
