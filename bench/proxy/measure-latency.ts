import { median, round } from '../statistics.ts'
import { type LatencyFigures, measureAtRate, type RateBench } from './measure-at-rate.ts'
import { PATH } from './options.ts'
import type { Peer, PeerName } from './start-peers.ts'

type LatencyPeer = Extract<PeerName, 'upstream' | 'kit' | 'kitWithoutLog' | 'fastifyHttpProxy'>

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

/** Asks the upstream alone and through both proxies at one fixed rate, round by round. */
export async function measureLatency(bench: RateBench, peers: readonly Peer[]): Promise<Latency> {
  const subjects = NAMES.map((name) => {
    const url = peers.find((peer) => peer.name === name)?.url ?? ''
    return { name, url, path: PATH }
  })
  const rounds = await measureAtRate(bench, 'latency', subjects)
  return { requestsPerSecond: bench.requestsPerSecond, rounds, ...summarize(rounds) }
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
