import type { Logger } from 'pino'

export interface RepeatingJob {
  readonly name: string
  /** Does the work now, or waits for the run that is under way. Never rejects: a failure is logged. */
  run(): Promise<void>
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
  let running: Promise<void> | undefined
  const run = () => {
    running ??= work()
      .then(() => undefined)
      .catch((error: unknown) => logger.error({ err: error, job: name }, `${name} failed`))
      .finally(() => {
        running = undefined
      })
    return running
  }
  return {
    name,
    run,
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
