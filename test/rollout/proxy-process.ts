import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const PROGRAM = new URL('programs/proxy.ts', import.meta.url).pathname

/** A proxy in a process of its own. */
export interface ProxyProcess {
  readonly proxyUrl: string
  stop(): Promise<void>
}

export async function startProxyProcess(config: unknown, name: string): Promise<ProxyProcess> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config), name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)])
  if (first === undefined) throw new Error(`The proxy ${name} did not start.`)
  return {
    proxyUrl: String(first[0]),
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
