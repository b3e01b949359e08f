import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { findLoadTool } from '../load/load-tool.ts'
import { readMachineFacts } from '../machine-facts.ts'
import { checkAnswer } from './check-answer.ts'
import { measureLatency } from './measure-latency.ts'
import { measureShadow } from './measure-shadow.ts'
import { measureThroughput } from './measure-throughput.ts'
import { measureToggles } from './measure-toggles.ts'
import { LATENCY_LOAD, PATH, type ProxyBenchOptions } from './options.ts'
import { formatReport, type ProxyReport } from './report.ts'
import { makeToken, type Stand, startControlDatabase, startPeers } from './start-peers.ts'

/** Measures the proxy beside its peers and prints the figures; everything it started has ended when it returns. */
export async function benchProxy(options: ProxyBenchOptions, signal: AbortSignal): Promise<void> {
  const progress = (line: string) => process.stderr.write(`${line}\n`)
  const directory = await mkdtemp(join(tmpdir(), 'strangler-bench-'))
  const stand: Stand = { directory, token: makeToken(), releases: [] }
  try {
    const report = await measure({ options, stand, progress, signal })
    process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report))
  } finally {
    for (const release of stand.releases.toReversed()) await release()
    await removePostgresDirectory(join(directory, 'control'))
    await rm(directory, { recursive: true, force: true })
  }
}

interface Bench {
  readonly options: ProxyBenchOptions
  readonly stand: Stand
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

async function measure(bench: Bench): Promise<ProxyReport> {
  const { options, stand, progress, signal } = bench
  const machine = readMachineFacts()
  const tool = await findLoadTool()
  const control = await startControlDatabase(stand)
  const peers = await startPeers(stand, control.url)
  signal.throwIfAborted()
  const [upstream] = peers
  for (const peer of peers) await checkAnswer(peer, upstream?.url ?? '', PATH)
  progress(`${peers.map(({ name }) => name).join(', ')}: same answer; measuring with ${tool.name}`)
  const compared = peers.filter(({ name }) => !name.startsWith('kitShadowing'))
  const throughput = await measureThroughput({ ...bench, tool }, compared)
  const requestsPerSecond = Math.round((throughput.requestsPerSecond.kit ?? 0) * LATENCY_LOAD)
  const latency = await measureLatency({ ...bench, requestsPerSecond }, peers)
  const shadow = await measureShadow({ ...bench, requestsPerSecond, tool }, peers)
  const toggles = await measureToggles({ ...bench, upstream: upstream?.url ?? '', controlUrl: control.url })
  return {
    vsFastifyHttpProxy: throughput.vsFastifyHttpProxy,
    vsExpressHpm: throughput.vsExpressHpm,
    vsNginx: throughput.vsNginx,
    addedP99Ms: latency.addedP99Ms,
    addedP99VsFastify: latency.addedP99VsFastify,
    togglePropagationP99Ms: toggles.propagationP99Ms,
    machine: { ...machine, tool: tool.name },
    options,
    throughput,
    latency,
    shadow,
    toggles,
  }
}
