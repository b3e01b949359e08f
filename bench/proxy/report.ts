import type { MachineFacts } from '../machine-facts.ts'
import { round } from '../statistics.ts'
import type { Latency } from './measure-latency.ts'
import type { ShadowCost } from './measure-shadow.ts'
import type { Throughput } from './measure-throughput.ts'
import type { Toggles } from './measure-toggles.ts'
import type { ProxyBenchOptions } from './options.ts'
import type { PeerName } from './start-peers.ts'

/** All that one run has found. A ratio is absent when its peer is not on this machine. */
export interface ProxyReport {
  readonly vsFastifyHttpProxy: number | undefined
  readonly vsExpressHpm: number | undefined
  readonly vsNginx: number | undefined
  readonly addedP99Ms: number
  readonly addedP99VsFastify: number
  readonly togglePropagationP99Ms: number
  readonly machine: MachineFacts & { readonly tool: string }
  readonly options: ProxyBenchOptions
  readonly throughput: Throughput
  readonly latency: Latency
  readonly shadow: ShadowCost
  readonly toggles: Toggles
}

/** What the proxy is meant to reach. */
interface Target {
  readonly name: string
  readonly wanted: string
  readonly found: string
  readonly pass: boolean | undefined
}

/** For people: a table of the peers and one line a target. */
export function formatReport(report: ProxyReport): string {
  const { machine, throughput, latency, shadow, toggles } = report
  const names = Object.keys(throughput.requestsPerSecond) as PeerName[]
  const rows = names.map((name) => [
    name,
    String(throughput.requestsPerSecond[name]),
    String(throughput.cpuMicrosPerRequest[name] ?? '-'),
  ])
  const lines = [
    `${machine.cores} cores (${machine.processor}), Node ${machine.node}, ${machine.tool}, load ${machine.loadBefore} before; medians of ${report.options.rounds} rounds`,
    '',
    ...formatTable([['', 'requests/s', 'CPU µs/request'], ...rows]),
    '',
    `By processor time a request: ${describeCpuRatios(throughput)}.`,
    `At ${latency.requestsPerSecond} requests/s the kit adds ${latency.addedP50Ms} ms (p50) and ${latency.addedP99Ms} ms (p99; with its log ${latency.addedP99WithLogMs}), @fastify/http-proxy ${latency.fastifyAddedP50Ms} and ${latency.fastifyAddedP99Ms} ms.`,
    `Shadowing compared ${shadow.compared.compared} of ${shadow.compared.compared + shadow.compared.others} exchanges (${round(shadow.comparedShare * 100)} %); the others gave way to clients. With \`compare.giveWay: false\` ${round(shadow.everything.comparedShare * 100)} % are compared, at ${shadow.everything.p50Ratio} (p50) and ${shadow.everything.p99Ratio} (p99) times none.`,
    `Shadowing of a faulty side, p50 and p99 as multiples of none: ${describeFaulty(shadow)}.`,
    `A toggle serves in ${toggles.proxies} proxies after ${toggles.propagationP50Ms} ms (p50), ${toggles.propagationP99Ms} ms (p99), ${toggles.propagationMaxMs} ms (longest), told too long by up to ${toggles.pollIntervalP99Ms} ms.`,
    '',
    ...formatTable(
      findTargets(report).map(({ name, wanted, found, pass }) => [
        pass === undefined ? '-' : pass ? 'reached' : 'MISSED',
        name,
        found,
        wanted,
      ]),
    ),
  ]
  return `${lines.join('\n')}\n`
}

function describeCpuRatios({ byCpu }: Throughput): string {
  return Object.entries(byCpu)
    .map(([name, ratio]) => `${name} ${ratio ?? 'not measured'}`)
    .join(', ')
}

function describeFaulty({ faulty }: ShadowCost): string {
  return Object.entries(faulty)
    .map(([fault, { p50Ratio, p99Ratio }]) => `${fault} ${p50Ratio}/${p99Ratio}`)
    .join(', ')
}

function findTargets(report: ProxyReport): Target[] {
  const ratio = (name: 'vsFastifyHttpProxy' | 'vsExpressHpm' | 'vsNginx', least: number): Target => {
    const found = report[name]
    return {
      name,
      wanted: `at least ${least}`,
      found: String(found ?? 'not measured'),
      pass: found === undefined ? undefined : found >= least,
    }
  }
  const { addedP99Ms, addedP99VsFastify, togglePropagationP99Ms } = report
  return [
    ratio('vsFastifyHttpProxy', 1.25),
    ratio('vsExpressHpm', 2),
    ratio('vsNginx', 0.4),
    {
      name: 'addedP99Ms',
      wanted: 'at most 1, or 1.2 × @fastify/http-proxy',
      found: `${addedP99Ms} (${addedP99VsFastify} ×)`,
      // A proxy that seems faster than none says that the machine was too busy to tell.
      pass:
        addedP99Ms < 0 ? undefined : addedP99Ms <= 1 || addedP99Ms <= 1.2 * report.latency.fastifyAddedP99Ms,
    },
    atMost('shadow.p50Ratio', report.shadow.p50Ratio, 1.05),
    atMost('shadow.p99Ratio', report.shadow.p99Ratio, 1.2),
    atMost('shadow.faultyP99Ratio', report.shadow.faultyP99Ratio, 1.2),
    {
      name: 'togglePropagationP99Ms',
      wanted: 'under 50',
      found: String(togglePropagationP99Ms),
      pass: togglePropagationP99Ms < 50,
    },
  ]
}

function atMost(name: string, found: number, most: number): Target {
  return { name, wanted: `at most ${most}`, found: String(found), pass: found <= most }
}

function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
