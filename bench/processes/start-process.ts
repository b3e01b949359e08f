import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own. */
export interface RunningProcess {
  readonly pid: number
  readonly url: string
  /** What the process told about itself when it was ready, the address included. */
  readonly ready: Ready
  /** Ends it, by force after a few seconds. Twice is fine. */
  stop(): Promise<void>
}

export interface Ready {
  readonly url: string
  readonly adminUrl?: string | undefined
}

export interface StartOptions {
  /** The program, relative to this folder. */
  readonly program: string
  /** Plain data, handed over as the first message. */
  readonly spec: object
  /** Where standard output goes; nowhere by default. */
  readonly outputFile?: string
  readonly env?: Readonly<Record<string, string>>
}

const START_MS = 60_000
const STOP_MS = 5_000

/** Starts a program of this benchmark and waits until it says that it serves. */
export async function startProcess({
  program,
  spec,
  outputFile,
  env,
}: StartOptions): Promise<RunningProcess> {
  const output = outputFile === undefined ? 'ignore' : openSync(outputFile, 'a')
  const file = fileURLToPath(new URL(program, import.meta.url))
  const child = fork(file, [], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  if (typeof output === 'number') closeSync(output)
  const exited = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.kill('SIGTERM')
    await exited
    clearTimeout(force)
  }
  try {
    child.send(spec)
    const signal = AbortSignal.timeout(START_MS)
    const ready = await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as Ready),
      exited.then(([code]) => Promise.reject(new Error(`${program} ended with ${code} before it served.`))),
    ])
    return { pid: child.pid ?? 0, url: ready.url, ready, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
