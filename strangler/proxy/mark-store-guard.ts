import { setTimeout as delay } from 'node:timers/promises'
import type { MarkedWrite, MarkStore } from '../core/data-position.ts'
import type { ReportError } from '../core/ports.ts'

/** A client waits for the store so long at most. */
const DEADLINE_MS = 50
/** After a failure the store is left alone: else every request would wait for the deadline. */
const REST_MS = 250
const CLOSE_TRIES = 6

/** The store of the marks as a request may use it: it never throws, and never takes longer than its deadline. */
export interface GuardedMarkStore {
  /** Whether the mark is stored. */
  open(write: MarkedWrite): Promise<boolean>
  close(write: MarkedWrite, through: number): Promise<void>
  /** `unknown` when the store does not answer. */
  latest(client: string): Promise<number | undefined | 'unknown'>
}

export function guardMarkStore(store: MarkStore, report: ReportError): GuardedMarkStore {
  let restsUntil = 0
  let failing = false
  let underWay = 0

  async function attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    // While it fails one request at a time tries it: what hangs must not pile up.
    if (performance.now() < restsUntil || (failing && underWay > 0)) return undefined
    underWay += 1
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer within ${DEADLINE_MS} ms`)), DEADLINE_MS)
    })
    try {
      const value = await Promise.race([work(), late])
      failing = false
      return { value }
    } catch (error) {
      restsUntil = performance.now() + REST_MS
      // Once, and not for every request.
      if (!failing) report('marks.store', error)
      failing = true
      return undefined
    } finally {
      underWay -= 1
      clearTimeout(timer)
    }
  }

  return {
    open: async (write) => (await attempt(() => store.open(write))) !== undefined,
    // A mark that stays open keeps its client where the owner is for as long as a write may take: worth a few more tries.
    async close(write, through) {
      for (let tried = 0; tried < CLOSE_TRIES; tried += 1) {
        if (tried > 0) await delay(tried * REST_MS, undefined, { ref: false })
        if ((await attempt(() => store.close(write, through))) !== undefined) return
      }
    },
    async latest(client) {
      const answer = await attempt(() => store.latest(client))
      return answer === undefined ? 'unknown' : answer.value
    },
  }
}
