import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../core/ports.ts'
import type { EndpointTraffic } from '../../core/traffic-words.ts'
import type { RouteTable } from '../../routing/compile-table.ts'
import type { SideCost } from './live-words.ts'
import { readProcessMetrics } from './read-process-metrics.ts'

export interface SideCostOptions {
  readonly config: Config
  readonly clock: Clock
  readonly traffic: () => readonly EndpointTraffic[]
  readonly currentTable: () => RouteTable
  /** Text of a side's metrics; throws when there is none. */
  readonly ask: (url: string) => Promise<string>
}

interface Reading {
  readonly at: number
  readonly cpuSeconds: number
  readonly requests: number
}

/** What each side that says so uses of its machine, and what a request costs it: a split that costs more than it brings shall be seen. */
export function createSideCosts({
  config,
  clock,
  traffic,
  currentTable,
  ask,
}: SideCostOptions): () => Promise<SideCost[]> {
  const before = new Map<string, Reading>()
  const calm = new Map<string, number>()

  async function readSide(side: string, url: string): Promise<SideCost> {
    try {
      const { cpuSeconds, memoryBytes } = readProcessMetrics(await ask(url))
      if (cpuSeconds === undefined) return { side, problem: 'It says nothing of process_cpu_seconds_total.' }
      const now = { at: clock(), cpuSeconds, requests: requestsOf(config, side, traffic()) }
      const last = before.get(side)
      before.set(side, now)
      const rates = ratesOf(last, now)
      const isShadowed = getsShadows(currentTable(), side)
      if (!isShadowed && rates.cpuMsPerRequest !== undefined) calm.set(side, rates.cpuMsPerRequest)
      const calmCpuMsPerRequest = calm.get(side)
      return {
        ...{ side, isShadowed, ...rates },
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
        ...(calmCpuMsPerRequest === undefined ? {} : { calmCpuMsPerRequest }),
      }
    } catch (error) {
      before.delete(side)
      return { side, problem: error instanceof Error ? error.message : String(error) }
    }
  }

  return () =>
    Promise.all(
      Object.entries(config.sides).flatMap(([side, { url, metrics }]) =>
        metrics === undefined ? [] : [readSide(side, new URL(metrics, url).href)],
      ),
    )
}

function ratesOf(
  last: Reading | undefined,
  now: Reading,
): Pick<SideCost, 'cores' | 'cpuMsPerRequest' | 'perSecond'> {
  // A side that was started anew begins at nothing.
  if (last === undefined || now.at <= last.at || now.cpuSeconds < last.cpuSeconds) return {}
  const seconds = (now.at - last.at) / 1_000
  const used = now.cpuSeconds - last.cpuSeconds
  const requests = Math.max(0, now.requests - last.requests)
  return {
    cores: used / seconds,
    perSecond: requests / seconds,
    ...(requests === 0 ? {} : { cpuMsPerRequest: (used * 1_000) / requests }),
  }
}

/** Whether copies are sent to it: to the service in shadow and canary, to the monolith from the canary on. */
function getsShadows({ routes }: RouteTable, side: string): boolean {
  return routes.some(({ setting: { mode }, source, capability }) =>
    side === 'monolith'
      ? mode === 'canary' || (mode === 'service' && source === 'stage' && !capability.isRetired)
      : capability.service === side && (mode === 'shadow' || mode === 'canary'),
  )
}

function requestsOf({ capabilities }: Config, side: string, rows: readonly EndpointTraffic[]): number {
  const sideOf = ({ target, capability = '' }: EndpointTraffic) =>
    target === 'monolith' ? 'monolith' : (capabilities[capability]?.service ?? capability)
  return rows.reduce((sum, row) => sum + (sideOf(row) === side ? row.requests : 0), 0)
}
