import type { ReportError } from './core/ports.ts'

/** What was acquired, and how it is given back: last in, first out. */
export interface ReleaseList {
  add(name: string, release: () => Promise<unknown> | unknown): void
  /** Runs every release once, even when one fails; a second call waits for the first. */
  releaseAll(): Promise<void>
}

export function createReleaseList(report: ReportError): ReleaseList {
  const releases: { name: string; release: () => Promise<unknown> | unknown }[] = []
  let running: Promise<void> | undefined
  async function run(): Promise<void> {
    for (let next = releases.pop(); next !== undefined; next = releases.pop()) {
      try {
        await next.release()
      } catch (error) {
        report(`stop ${next.name}`, error)
      }
    }
  }
  return {
    add: (name, release) => releases.push({ name, release }),
    releaseAll() {
      running ??= run()
      return running
    },
  }
}
