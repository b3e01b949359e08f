import cluster, { type Worker } from 'node:cluster'
import { StranglerError } from './core/errors.ts'
import type { ReportError, Stoppable } from './core/ports.ts'
import type { EndpointTraffic } from './core/traffic-words.ts'
import { createClusterMetrics } from './telemetry/cluster-metrics.ts'
import { joinTraffic } from './telemetry/join-traffic.ts'

const RESTART_MS = 500
const START_MS = 60_000

/** The proxy in several processes that share one port. */
export interface Workers extends Stoppable {
  readonly url: string
  readonly metrics: () => Promise<{ contentType: string; body: string }>
  readonly readiness: () => { ready: boolean; reasons: string[] }
  /** What each of them has told last. */
  readonly traffic: () => readonly EndpointTraffic[]
}

const INDEX = 'STRANGLER_WORKER'

/** Whether this process is one of them, and not the worker of somebody else's cluster that the kit is embedded in. */
export function isWorker(): boolean {
  return cluster.isWorker && process.env[INDEX] !== undefined
}

/**
 * Tells the proxies of one directory apart: their registrations and their files.
 * @param name the kit's own
 * @param index of a worker, from 1; this process's own by default
 */
export function proxyName(name = 'main', index = isWorker() ? process.env[INDEX] : undefined): string {
  return index === undefined ? name : `${name}-worker-${index}`
}

interface WorkerMessage {
  readonly strangler?: string
  readonly url?: string
  readonly rows?: readonly EndpointTraffic[]
}

/** A worker runs the same command line; it tells its address when it serves. */
export function tellServing(url: string): void {
  process.send?.({ strangler: 'serving', url })
}

const TELL_TRAFFIC_MS = 1_000

/** The process that answers for all workers shows their traffic to people. @returns what ends it */
export function tellTraffic(read: () => readonly EndpointTraffic[]): () => void {
  const timer = setInterval(() => process.send?.({ strangler: 'traffic', rows: read() }), TELL_TRAFFIC_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Forks the workers and waits until each serves. One that dies is replaced.
 * @throws StranglerError STRANGLER_INTERNAL when one ends before it serves
 */
export async function startWorkers(
  count: number,
  { controlUrl, report }: { controlUrl: string; report: ReportError },
): Promise<Workers> {
  const serving = new Map<number, string>()
  const workers = new Map<number, Worker>()
  const traffic = new Map<number, readonly EndpointTraffic[]>()
  let stopping = false

  function fork(index: number, onServing: (url: string) => void, onEarlyExit: () => void): void {
    const worker = cluster.fork({ [INDEX]: String(index), STRANGLER_CONTROL_URL: controlUrl })
    workers.set(index, worker)
    worker.on('message', (message: WorkerMessage) => {
      if (message?.strangler === 'traffic') traffic.set(index, message.rows ?? [])
      if (message?.strangler !== 'serving' || message.url === undefined) return
      serving.set(index, message.url)
      onServing(message.url)
    })
    worker.on('exit', (code, signal) => {
      const served = serving.delete(index)
      workers.delete(index)
      if (stopping) return
      if (!served) onEarlyExit()
      report(
        'keep a worker running',
        new Error(`Worker ${index} has ended (${signal ?? code}); starting it again`),
      )
      setTimeout(() => {
        if (!stopping) fork(index, onServing, () => undefined)
      }, RESTART_MS)
    })
  }
  function forkAndWait(index: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (found: string) =>
        reject(
          new StranglerError('STRANGLER_INTERNAL', `Worker ${index} ${found}; its own message stands above.`),
        )
      const timer = setTimeout(() => fail(`was not ready within ${START_MS / 1_000} s`), START_MS)
      const settle = (run: () => void) => () => {
        clearTimeout(timer)
        run()
      }
      fork(
        index,
        (url) => settle(() => resolve(url))(),
        settle(() => fail('ended before it served')),
      )
    })
  }
  async function stop(): Promise<void> {
    stopping = true
    await Promise.all(
      [...workers.values()].map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => resolve())
            worker.process.kill('SIGTERM')
          }),
      ),
    )
  }

  try {
    const [url = ''] = await Promise.all(Array.from({ length: count }, (_, index) => forkAndWait(index + 1)))
    return {
      url,
      stop,
      metrics: createClusterMetrics(),
      traffic: () => joinTraffic([...traffic.values()]),
      readiness: () => {
        const ready = serving.size > 0
        return { ready, reasons: ready ? [] : ['No worker serves.'] }
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
