import type { Written } from './write-load.ts'

export interface Silence {
  readonly written: readonly Written[]
  /** Each of them has to confirm a write again. */
  readonly urls: readonly string[]
  readonly struckAt: number
  /** By the journal the writes are let go. */
  readonly endedAt: number
}

/**
 * For how long clients of a proxy got no answer to a write, at the proxy where that was longest: from the blow until the first write that is confirmed after the
 * end, with those in between that slipped through before they were held. Undefined while a proxy has not confirmed one yet.
 */
export function longestSilence({ written, urls, struckAt, endedAt }: Silence): number | undefined {
  const silences = urls.map((url) => {
    const times = written
      .filter((one) => one.url === url)
      .map(({ beganAt, tookMs }) => beganAt + tookMs)
      .filter((at) => at >= struckAt)
    const again = times.findIndex((at) => at >= endedAt)
    if (again < 0) return undefined
    return Math.max(...times.slice(0, again + 1).map((at, index) => at - (times[index - 1] ?? struckAt)))
  })
  return silences.every((ms) => ms !== undefined) ? Math.round(Math.max(0, ...silences)) : undefined
}
