import { runOpenLoop } from '../load/run-open-loop.ts'
import { median, percentile, round } from '../statistics.ts'
import { PATH, type ProxyBenchOptions } from './options.ts'
import type { Peer, PeerName } from './start-peers.ts'

type LatencyPeer = Extract<PeerName, 'upstream' | 'kit' | 'kitWithoutLog' | 'fastifyHttpProxy'>

export interface LatencyFigures {
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Latency {
  /** The rate that every peer was asked at, requests per second. */
  readonly requestsPerSecond: number
  readonly rounds: Record<LatencyPeer, LatencyFigures>[]
  /**
   * p99 through the kit less p99 of the upstream alone, milliseconds: the median of the rounds' differences. The kit's access log is off,
   * as `@fastify/http-proxy` keeps none; `addedP99WithLogMs` is with it.
   */
  readonly addedP99Ms: number
  readonly addedP50Ms: number
  readonly addedP99WithLogMs: number
  readonly fastifyAddedP99Ms: number
  readonly fastifyAddedP50Ms: number
  /** What the kit adds at p99, as a multiple of what @fastify/http-proxy adds. */
  readonly addedP99VsFastify: number
}

const NAMES: readonly LatencyPeer[] = ['upstream', 'kit', 'kitWithoutLog', 'fastifyHttpProxy']
const WARM_UP_SECONDS = 0.5

/** Asks the upstream alone and through both proxies at one fixed rate, round by round. */
export async function measureLatency(
  {
    requestsPerSecond,
    options,
    progress,
    signal,
  }: {
    requestsPerSecond: number
    options: ProxyBenchOptions
    progress: (line: string) => void
    signal: AbortSignal
  },
  peers: readonly Peer[],
): Promise<Latency> {
  const { connections, seconds } = options
  const measure = async (name: LatencyPeer): Promise<LatencyFigures> => {
    const url = peers.find((peer) => peer.name === name)?.url ?? ''
    const spec = { url, path: PATH, connections, requestsPerSecond, warmUpSeconds: WARM_UP_SECONDS, seconds }
    const { latenciesMs } = await runOpenLoop(spec, signal)
    return { p50Ms: round(percentile(latenciesMs, 50)), p99Ms: round(percentile(latenciesMs, 99)) }
  }
  const rounds: Record<LatencyPeer, LatencyFigures>[] = []
  for (let i = 0; i < options.rounds; i++) {
    const run: Partial<Record<LatencyPeer, LatencyFigures>> = {}
    for (const name of i % 2 === 0 ? NAMES : NAMES.toReversed()) run[name] = await measure(name)
    rounds.push(run as Record<LatencyPeer, LatencyFigures>)
    progress(
      `latency ${i + 1} of ${options.rounds}: p99 ${NAMES.map((name) => `${name} ${run[name]?.p99Ms} ms`).join(', ')}`,
    )
  }
  return { requestsPerSecond, rounds, ...summarize(rounds) }
}

function summarize(rounds: readonly Record<LatencyPeer, LatencyFigures>[]) {
  const added = (name: LatencyPeer, figure: keyof LatencyFigures) =>
    round(median(rounds.map((run) => run[name][figure] - run.upstream[figure])))
  const addedP99Ms = added('kitWithoutLog', 'p99Ms')
  const fastifyAddedP99Ms = added('fastifyHttpProxy', 'p99Ms')
  return {
    addedP99Ms,
    addedP50Ms: added('kitWithoutLog', 'p50Ms'),
    addedP99WithLogMs: added('kit', 'p99Ms'),
    fastifyAddedP99Ms,
    fastifyAddedP50Ms: added('fastifyHttpProxy', 'p50Ms'),
    addedP99VsFastify: round(addedP99Ms / fastifyAddedP99Ms),
  }
}
