import { runOpenLoop } from '../load/run-open-loop.ts'
import { median, percentile, round } from '../statistics.ts'
import type { LatencyFigures } from './measure-latency.ts'
import { PATH, type ProxyBenchOptions } from './options.ts'
import type { Peer, PeerName } from './start-peers.ts'

type ShadowPeer = Extract<PeerName, 'kitWithoutLog' | 'kitShadowing'>

/** What it costs a client that every request is asked of the other side too: latencies with it, divided by those without. */
export interface ShadowCost {
  readonly requestsPerSecond: number
  readonly rounds: Record<ShadowPeer, LatencyFigures>[]
  /** Medians of the rounds' ratios. */
  readonly p50Ratio: number
  readonly p99Ratio: number
}

const NAMES: readonly ShadowPeer[] = ['kitWithoutLog', 'kitShadowing']
const WARM_UP_SECONDS = 1

/** Asks the same kit with and without the comparison at one fixed rate, round by round. */
export async function measureShadow(
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
): Promise<ShadowCost> {
  const { connections, seconds } = options
  const measure = async (name: ShadowPeer): Promise<LatencyFigures> => {
    const url = peers.find((peer) => peer.name === name)?.url ?? ''
    const spec = { url, path: PATH, connections, requestsPerSecond, warmUpSeconds: WARM_UP_SECONDS, seconds }
    const { latenciesMs } = await runOpenLoop(spec, signal)
    return { p50Ms: round(percentile(latenciesMs, 50)), p99Ms: round(percentile(latenciesMs, 99)) }
  }
  const rounds: Record<ShadowPeer, LatencyFigures>[] = []
  for (let i = 0; i < options.rounds; i++) {
    const run: Partial<Record<ShadowPeer, LatencyFigures>> = {}
    for (const name of i % 2 === 0 ? NAMES : NAMES.toReversed()) run[name] = await measure(name)
    rounds.push(run as Record<ShadowPeer, LatencyFigures>)
    progress(
      `shadow ${i + 1} of ${options.rounds}: ${NAMES.map((name) => `${name} ${run[name]?.p50Ms}/${run[name]?.p99Ms} ms`).join(', ')}`,
    )
  }
  const ratio = (figure: keyof LatencyFigures) =>
    round(
      median(rounds.map(({ kitShadowing, kitWithoutLog }) => kitShadowing[figure] / kitWithoutLog[figure])),
    )
  return { requestsPerSecond, rounds, p50Ratio: ratio('p50Ms'), p99Ratio: ratio('p99Ms') }
}
