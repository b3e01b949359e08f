import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program of its own, of which the first line that it says is known. */
export interface KitProcess {
  readonly name: string
  readonly said: string
  kill(): Promise<void>
  stop(): Promise<void>
}

export interface KitProgram {
  readonly name: string
  /** In `programs/`. */
  readonly program: 'kit' | 'applier' | 'side'
  readonly args: readonly string[]
}

export async function startKitProcess({ name, program, args }: KitProgram): Promise<KitProcess> {
  const path = new URL(`programs/${program}.ts`, import.meta.url).pathname
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)])
  if (first === undefined) throw new Error(`${name} did not start.`)
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return { name, said: String(first[0]), kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}
