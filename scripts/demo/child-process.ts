import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { launchServerProcess, type ServerProcess } from '../../strangler/infra/server-process.ts'

const START_MS = 120_000
const STOP_MS = 10_000
const LOOK_MS = 50

/** A program of the sample shop that runs. */
export interface Program {
  readonly url: string
  readonly pid: number
  /** The last lines of what it has said. */
  readLog(): Promise<string>
  stop(): Promise<void>
}

export interface ProgramCall {
  readonly args: readonly string[]
  /** For passwords: a command line is everybody's to read. */
  readonly env: Readonly<Record<string, string>>
  /** What it says goes here. */
  readonly logFile: string
}

/**
 * Starts one and waits for the line in which it tells its address. It ends with the demo, also when that is killed.
 * @throws Error with its last words when it ends before
 */
export async function startProgram(name: string, { args, env, logFile }: ProgramCall): Promise<Program> {
  await mkdir(path.dirname(logFile), { recursive: true })
  const server = await launchServerProcess({
    command: process.execPath,
    args,
    env: { ...process.env, ...env },
    logFile,
    stopSignals: [{ signal: 'SIGTERM', waitMs: STOP_MS }],
  })
  try {
    return {
      url: await readAddress(server),
      pid: server.pid,
      readLog: () => server.readLog(),
      stop: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    const lastWords = await server.readLog()
    throw new Error(`The ${name} did not start: ${(error as Error).message}\n${lastWords}`, { cause: error })
  }
}

async function readAddress(server: ServerProcess): Promise<string> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await delay(LOOK_MS)) {
    const address = /"listening":"(http[^"]+)"/.exec(await server.readLog())?.[1]
    if (address !== undefined) return address
    if (server.hasExited()) throw new Error('it has ended')
  }
  throw new Error(`it was not ready within ${START_MS / 1_000} s`)
}
