import type { LoadTool } from '../load/load-tool.ts'
import { median, round } from '../statistics.ts'
import { type LatencyFigures, measureAtRate, type RateBench, type RatedSubject } from './measure-at-rate.ts'
import { SHADOWED_ENDPOINT, SHADOWED_PATH } from './options.ts'
import { FAULTS, type Fault, faultyPath } from './peers/faults.ts'
import { type ComparedCounts, readCompared } from './read-compared.ts'
import type { Peer } from './start-peers.ts'

type ShadowSubject = 'without' | 'shadowing' | 'everything' | Fault

/** Latencies of a client whose requests are asked of another side too, divided by those of one whose requests are not. */
export interface ShadowRatios {
  readonly p50Ratio: number
  readonly p99Ratio: number
}

/** What the comparison costs a client. Medians of the rounds' ratios. */
export interface ShadowCost extends ShadowRatios {
  readonly requestsPerSecond: number
  readonly rounds: Record<ShadowSubject, LatencyFigures>[]
  /** Of the exchanges that might have been compared, those that were; the others gave way to clients, or were skipped. */
  readonly comparedShare: number
  readonly compared: ComparedCounts
  /** With `compare.giveWay: false`: every exchange is compared, whoever waits for it. */
  readonly everything: ShadowRatios & { readonly comparedShare: number }
  /** With another side that does not answer as it should. */
  readonly faulty: Record<Fault, ShadowRatios>
  /** The worst of them. */
  readonly faultyP99Ratio: number
}

/** Asks the same kit with and without the comparison at one fixed rate, of a sound side and of faulty ones. */
export async function measureShadow(
  { tool, ...bench }: RateBench & { readonly tool: LoadTool },
  peers: readonly Peer[],
): Promise<ShadowCost> {
  const { connections, warmUpSeconds } = bench.options
  const peerOf = (name: Peer['name']) => peers.find((peer) => peer.name === name)
  const urlOf = (name: Peer['name']) => peerOf(name)?.url ?? ''
  const countCompared = (name: Peer['name']) => readCompared(peerOf(name)?.adminUrl ?? '', SHADOWED_ENDPOINT)
  const subjects: RatedSubject<ShadowSubject>[] = [
    { name: 'without', url: urlOf('kitWithoutLog'), path: SHADOWED_PATH },
    { name: 'shadowing', url: urlOf('kitShadowing'), path: SHADOWED_PATH },
    { name: 'everything', url: urlOf('kitShadowingAll'), path: SHADOWED_PATH },
    ...FAULTS.map((fault) => ({ name: fault, url: urlOf('kitShadowing'), path: faultyPath(fault) })),
  ]
  // At saturation, until their code is compiled: the throughput has loaded only one of them.
  for (const { url, path } of subjects.slice(0, 3))
    await tool.measure({ url: url + path, connections, seconds: warmUpSeconds }, bench.signal)
  const kits = ['kitShadowing', 'kitShadowingAll'] as const
  const before = await Promise.all(kits.map(countCompared))
  const rounds = await measureAtRate(bench, 'shadow', subjects)
  const after = await Promise.all(kits.map(countCompared))
  const [compared, ofAll] = kits.map((_, at) => subtract(after[at], before[at])) as [
    ComparedCounts,
    ComparedCounts,
  ]
  const ratiosOf = (name: ShadowSubject): ShadowRatios => {
    const ratio = (figure: keyof LatencyFigures) =>
      round(median(rounds.map((run) => run[name][figure] / run.without[figure])))
    return { p50Ratio: ratio('p50Ms'), p99Ratio: ratio('p99Ms') }
  }
  const faulty = Object.fromEntries(FAULTS.map((fault) => [fault, ratiosOf(fault)])) as ShadowCost['faulty']
  return {
    requestsPerSecond: bench.requestsPerSecond,
    rounds,
    ...ratiosOf('shadowing'),
    compared,
    comparedShare: shareOf(compared),
    everything: { ...ratiosOf('everything'), comparedShare: shareOf(ofAll) },
    faulty,
    faultyP99Ratio: Math.max(...FAULTS.map((fault) => faulty[fault].p99Ratio)),
  }
}

const NONE: ComparedCounts = { compared: 0, others: 0 }

const subtract = (after = NONE, before = NONE): ComparedCounts => ({
  compared: after.compared - before.compared,
  others: after.others - before.others,
})

const shareOf = ({ compared, others }: ComparedCounts) => round(compared / (compared + others))
