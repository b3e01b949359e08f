import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** A program of docker-compose.yml as a process of this machine. */
export interface Container {
  readonly name: string
  /** What it has printed. */
  readonly output: () => string
  /** Waits until its own health check ends with 0. */
  healthy(): Promise<void>
  /** Sends SIGTERM. @returns its exit code */
  stop(): Promise<number | null>
  kill(): void
}

export interface ContainerOptions {
  readonly name: string
  readonly folder: string
  readonly command: readonly string[]
  readonly health: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const HEALTHY_WITHIN_MS = 60_000

export function startContainer(options: ContainerOptions): Container {
  const { name, folder, environment, health } = options
  const [program = '', ...args] = options.command
  const env = { PATH: process.env['PATH'], ...environment }
  const child: ChildProcess = spawn(toProgram(program), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))

  return {
    name,
    output: () => output,
    async healthy() {
      for (const deadline = Date.now() + HEALTHY_WITHIN_MS; Date.now() < deadline; await delay(300)) {
        const [check = '', ...words] = health
        if (child.exitCode !== null) break
        if (spawnSync(toProgram(check), words, { cwd: folder, env }).status === 0) return
      }
      throw new Error(`${name} is not healthy: ${output.slice(-2_000)}`)
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
      return child.exitCode
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

const toProgram = (program: string) => (program === 'node' ? process.execPath : program)
