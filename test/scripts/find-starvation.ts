const WINDOW_MS = 10_000
/** On two processors with twenty more at work it was 70 ms, and on ones that nothing got done on 3,300. */
const STARVED_MS = 1_000
/** They never move: how long they take is the machine's doing. */
const UNMOVED = '/api/catalogue'

interface Line {
  readonly time: string
  readonly path: string
  readonly durationMs: number
}

/**
 * The slowest ten seconds of an access log, by the median of the requests that no step touches.
 * @returns undefined where the machine had time for them: then what has failed has failed for another reason
 */
export function findStarvation(
  accessLog: string,
): { readonly at: string; readonly medianMs: number } | undefined {
  const windows = new Map<number, number[]>()
  for (const text of accessLog.split('\n').filter((one) => one.endsWith('}'))) {
    const { time, path, durationMs } = JSON.parse(text) as Partial<Line>
    if (time === undefined || durationMs === undefined || path?.startsWith(UNMOVED) !== true) continue
    const window = Math.floor(Date.parse(time) / WINDOW_MS)
    windows.set(window, [...(windows.get(window) ?? []), durationMs])
  }
  const medians = [...windows].map(([window, times]) => ({
    at: new Date(window * WINDOW_MS).toISOString(),
    medianMs: Math.round(times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0),
  }))
  const [slowest] = medians.sort((one, other) => other.medianMs - one.medianMs)
  return slowest !== undefined && slowest.medianMs > STARVED_MS ? slowest : undefined
}
