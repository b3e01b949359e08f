import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import autocannon from 'autocannon'
import { findProgram } from '../../strangler/infra/find-program.ts'

/** What one closed-loop run is told. */
export interface LoadSpec {
  readonly url: string
  readonly connections: number
  readonly seconds: number
}

/** Loads an address as fast as it answers. */
export interface LoadTool {
  readonly name: 'wrk' | 'autocannon'
  /**
   * @returns requests per second, all of them answered with 200
   * @throws Error when any was not: its speed would mean nothing
   */
  measure(spec: LoadSpec, signal: AbortSignal): Promise<number>
}

/** wrk where it is installed: it takes the least from the servers. Else autocannon, from npm. */
export async function findLoadTool(): Promise<LoadTool> {
  const wrk = await findProgram(['wrk'])
  if (wrk === undefined) return { name: 'autocannon', measure: measureByAutocannon }
  return { name: 'wrk', measure: (spec, signal) => measureByWrk(wrk, spec, signal) }
}

/** A machine that others use as well lets a connection wait for longer than wrk's two seconds. */
const ANSWER_WITHIN = '20s'

async function measureByWrk(
  program: string,
  { url, connections, seconds }: LoadSpec,
  signal: AbortSignal,
): Promise<number> {
  const duration = `-d${Math.max(1, Math.round(seconds))}s`
  const child = spawn(program, ['-t1', `-c${connections}`, duration, `--timeout=${ANSWER_WITHIN}`, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const wrong = /^\s*(Non-2xx or 3xx responses: \d+|Socket errors: .*)$/m.exec(output)?.[1]
  const perSecond = /^Requests\/sec:\s+([\d.]+)/m.exec(output)?.[1]
  if (wrong !== undefined || perSecond === undefined) throw new Error(`${url} under load: ${wrong ?? output}`)
  return Number(perSecond)
}

async function measureByAutocannon(
  { url, connections, seconds }: LoadSpec,
  signal: AbortSignal,
): Promise<number> {
  const run = autocannon({ url, connections, duration: seconds })
  const stop = () => (run as unknown as { stop(): void }).stop()
  signal.addEventListener('abort', stop)
  const { errors, non2xx, requests } = await run
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (errors + non2xx > 0)
    throw new Error(`${url} under load: ${errors} errors, ${non2xx} answers that are no success.`)
  return requests.average
}
