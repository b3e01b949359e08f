import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const START_MS = 120_000
const STOP_MS = 10_000
const LAST_LINES = 15

/** A program of the sample shop that runs. */
export interface Program {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

export interface ProgramCall {
  readonly args: readonly string[]
  /** For passwords: a command line is everybody's to read. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Starts one and waits for the line in which it tells its address.
 * @throws Error with its last words when it ends before
 */
export async function startProgram(name: string, { args, env }: ProgramCall): Promise<Program> {
  // A process group of its own: Ctrl-C in the terminal must reach the demo first, which stops everything in order.
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: true,
  })
  const lastWords: string[] = []
  const remember = (line: string) => {
    lastWords.push(line)
    if (lastWords.length > LAST_LINES) lastWords.shift()
  }
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', remember)
  const stop = createStop(child)
  try {
    return { url: await readAddress(child, remember), pid: child.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw new Error(`The ${name} did not start: ${(error as Error).message}\n${lastWords.join('\n')}`, {
      cause: error,
    })
  }
}

function readAddress(child: ChildProcess, remember: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`it was not ready within ${START_MS / 1_000} s`)),
      START_MS,
    )
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`it has ended (${signal ?? code})`)))
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /"listening":"(http[^"]+)"/.exec(line)?.[1]
      if (address === undefined) return remember(line)
      clearTimeout(timer)
      resolve(address)
    })
  })
}

function createStop(child: ChildProcess): () => Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // The programs are detached from the terminal, so a demo that is killed must still take them along.
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  return async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(timer)
    }
    process.off('exit', onExit)
  }
}
