import type { LoadTool } from '../load/load-tool.ts'
import { readCpuMs } from '../processes/cpu-time.ts'
import { median, round } from '../statistics.ts'
import { PATH, type ProxyBenchOptions } from './options.ts'
import type { Peer, PeerName } from './start-peers.ts'

export type Figures = Partial<Record<PeerName, number>>

export interface Throughput extends Ratios {
  /** Requests per second of every peer, one object a round. */
  readonly rounds: Figures[]
  /** Medians over the rounds. */
  readonly requestsPerSecond: Figures
  /** Processor time of the peer's own process, microseconds a request; absent where the system does not tell. */
  readonly cpuMicrosPerRequest: Figures
  /**
   * The same ratios by processor time instead of by the clock: what the peer's process needs for a request, divided by what the kit's
   * needs. Work of others on the machine slows all of them down, but hardly changes this.
   */
  readonly byCpu: Ratios
}

/**
 * The kit next to each peer: medians of the ratios within a round, in which the machine was equally busy for both. Like is held against
 * like: nginx keeps an access log, as the kit does by default; the other two log nothing, and next to them the kit's log is off. What
 * the log costs is `logCost`.
 */
export interface Ratios {
  readonly vsFastifyHttpProxy: number | undefined
  readonly vsExpressHpm: number | undefined
  readonly vsNginx: number | undefined
  /** The kit with its access log next to the kit without. */
  readonly logCost: number | undefined
}

interface Run {
  readonly requestsPerSecond: number
  readonly cpuMicros: number | undefined
}

/** Loads the peers one after the other, round by round, each warmed up once before. */
export async function measureThroughput(
  {
    tool,
    options,
    progress,
    signal,
  }: { tool: LoadTool; options: ProxyBenchOptions; progress: (line: string) => void; signal: AbortSignal },
  peers: readonly Peer[],
): Promise<Throughput> {
  const { connections, seconds } = options
  const load = (peer: Peer) => tool.measure({ url: peer.url + PATH, connections, seconds }, signal)
  const warmUp = (peer: Peer) =>
    tool.measure({ url: peer.url + PATH, connections, seconds: options.warmUpSeconds }, signal)
  for (const peer of peers) await warmUp(peer)
  const runs: Partial<Record<PeerName, Run>>[] = []
  for (let i = 0; i < options.rounds; i++) {
    const run: Partial<Record<PeerName, Run>> = {}
    // Forwards and backwards in turn, so that nobody always follows the same neighbour.
    for (const peer of i % 2 === 0 ? peers : peers.toReversed()) run[peer.name] = await measureRun(peer, load)
    runs.push(run)
    progress(
      `round ${i + 1} of ${options.rounds}: ${peers.map(({ name }) => `${name} ${run[name]?.requestsPerSecond}`).join(', ')} requests/s`,
    )
  }
  return summarize(peers, runs)
}

async function measureRun(peer: Peer, load: (peer: Peer) => Promise<number>): Promise<Run> {
  const cpuBefore = readCpuMs(peer.pid)
  const startedAt = performance.now()
  const perSecond = await load(peer)
  const requests = (perSecond * (performance.now() - startedAt)) / 1_000
  const cpuAfter = readCpuMs(peer.pid)
  const cpuMicros =
    cpuBefore === undefined || cpuAfter === undefined
      ? undefined
      : ((cpuAfter - cpuBefore) * 1_000) / requests
  return { requestsPerSecond: Math.round(perSecond), cpuMicros }
}

function summarize(peers: readonly Peer[], runs: readonly Partial<Record<PeerName, Run>>[]): Throughput {
  const medianOf = (read: (run: Run) => number | undefined, digits: number) =>
    Object.fromEntries(
      peers.flatMap(({ name }) => {
        const values = runs.flatMap((run) => (run[name] === undefined ? [] : (read(run[name]) ?? [])))
        return values.length === 0 ? [] : [[name, round(median(values), digits)]]
      }),
    ) as Figures
  return {
    rounds: runs.map((run) =>
      Object.fromEntries(
        Object.entries(run).map(([name, { requestsPerSecond }]) => [name, requestsPerSecond]),
      ),
    ),
    requestsPerSecond: medianOf((run) => run.requestsPerSecond, 0),
    cpuMicrosPerRequest: medianOf((run) => run.cpuMicros, 1),
    ...compareWithPeers(runs, (kit, peer) => kit.requestsPerSecond / peer.requestsPerSecond),
    byCpu: compareWithPeers(
      runs,
      (kit, peer) => (peer.cpuMicros ?? Number.NaN) / (kit.cpuMicros ?? Number.NaN),
    ),
  }
}

function compareWithPeers(
  runs: readonly Partial<Record<PeerName, Run>>[],
  ratioOf: (kit: Run, peer: Run) => number,
): Ratios {
  const versus = (one: PeerName, other: PeerName) => {
    const ratios = runs.flatMap(({ [one]: kit, [other]: peer }) => (kit && peer ? ratioOf(kit, peer) : []))
    const middle = median(ratios)
    return Number.isNaN(middle) ? undefined : round(middle)
  }
  return {
    vsFastifyHttpProxy: versus('kitWithoutLog', 'fastifyHttpProxy'),
    vsExpressHpm: versus('kitWithoutLog', 'expressHpm'),
    vsNginx: versus('kit', 'nginx'),
    logCost: versus('kit', 'kitWithoutLog'),
  }
}
