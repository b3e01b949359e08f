import type { Judged } from './thread-messages.ts'

/** Sums up what came of exchanges until it is told: one message for many costs the serving thread less. */
export interface JudgedBook {
  add(exchange: { readonly endpoint: string; readonly bytes: number }, verdict: string): void
  /** What has come since the last time. */
  take(): Judged[]
}

export function createJudgedBook(): JudgedBook {
  let sums = new Map<string, { -readonly [K in keyof Judged]: Judged[K] }>()
  return {
    add({ endpoint, bytes }, verdict) {
      const key = `${verdict} ${endpoint}`
      const sum = sums.get(key) ?? { endpoint, verdict, count: 0, bytes: 0 }
      sum.count += 1
      sum.bytes += bytes
      sums.set(key, sum)
    },
    take() {
      const taken = [...sums.values()]
      sums = new Map()
      return taken
    },
  }
}
