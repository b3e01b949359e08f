import type { EvidenceStore } from '../core/evidence-store.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { LagBook } from './lag-book.ts'

const EVERY_MS = 5_000

export interface KeepLagOptions {
  readonly book: Pick<LagBook, 'summary' | 'restore'>
  readonly store: EvidenceStore
  readonly capabilities: readonly string[]
  readonly report: ReportError
}

/** Takes up what was known of the lag before a restart, and keeps it for the next one. */
export function keepLag({ book, store, capabilities, report }: KeepLagOptions): Stoppable {
  const restored = new Set<string>()
  const written = new Map<string, number>()
  let isAway = false
  let working = Promise.resolve()

  async function keep(capability: string): Promise<void> {
    // First: what this process knows is shorter, and must not take its place.
    if (!restored.has(capability)) {
      const kept = (await store.read(capability)).lag
      if (kept !== undefined) book.restore(capability, kept.content)
      restored.add(capability)
    }
    const summary = book.summary(capability)
    const last = summary?.samples.at(-1)?.[0]
    if (summary === undefined || last === undefined || last === written.get(capability)) return
    await store.keep(capability, 'lag', summary)
    written.set(capability, last)
  }
  async function round(): Promise<void> {
    try {
      for (const capability of capabilities) await keep(capability)
      isAway = false
    } catch (error) {
      // The same failure every five seconds tells nothing new.
      if (!isAway) report('keep the lag', error)
      isAway = true
    }
  }
  const next = () => {
    working = working.then(round)
    return working
  }
  const timer = setInterval(next, EVERY_MS)
  timer.unref()
  void next()
  return {
    async stop() {
      clearInterval(timer)
      await next()
    },
  }
}
