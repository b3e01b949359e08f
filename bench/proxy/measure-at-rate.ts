import { runOpenLoop } from '../load/run-open-loop.ts'
import { percentile, round } from '../statistics.ts'
import type { ProxyBenchOptions } from './options.ts'

export interface LatencyFigures {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What is asked, under a name of its own. */
export interface RatedSubject<N extends string> {
  readonly name: N
  readonly url: string
  readonly path: string
}

/** What the parts that measure latencies share. */
export interface RateBench {
  readonly requestsPerSecond: number
  readonly options: ProxyBenchOptions
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

/** Requests that are not counted, until the rate is steady; code is compiled by a load at saturation before. */
const WARM_UP_SECONDS = 0.5

/** Asks every subject at one fixed rate, round by round, forwards and backwards in turn. */
export async function measureAtRate<N extends string>(
  { requestsPerSecond, options, progress, signal }: RateBench,
  what: string,
  subjects: readonly RatedSubject<N>[],
): Promise<Record<N, LatencyFigures>[]> {
  const { connections, seconds, rounds } = options
  const measure = async ({ url, path }: RatedSubject<N>): Promise<LatencyFigures> => {
    const spec = { url, path, connections, requestsPerSecond, warmUpSeconds: WARM_UP_SECONDS, seconds }
    const { latenciesMs } = await runOpenLoop(spec, signal)
    return { p50Ms: round(percentile(latenciesMs, 50)), p99Ms: round(percentile(latenciesMs, 99)) }
  }
  const runs: Record<N, LatencyFigures>[] = []
  for (let i = 0; i < rounds; i++) {
    const run: Partial<Record<N, LatencyFigures>> = {}
    for (const subject of i % 2 === 0 ? subjects : subjects.toReversed())
      run[subject.name] = await measure(subject)
    runs.push(run as Record<N, LatencyFigures>)
    const told = subjects.map(({ name }) => `${name} ${run[name]?.p50Ms}/${run[name]?.p99Ms}`)
    progress(`${what} ${i + 1} of ${rounds}, p50/p99 ms: ${told.join(', ')}`)
  }
  return runs
}
