import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { EndConfig, EndMessage } from './end-config.ts'

const PROGRAM = join(import.meta.dirname, 'programs', 'sync-end.ts')

/** One end of the sync in a process of its own. */
export interface EndProcess {
  readonly child: ChildProcess
  /** Settles when it takes part. */
  readonly ready: Promise<void>
  /** Settles with the signal that ended it, or its code. */
  readonly exited: Promise<NodeJS.Signals | number | null>
  /** The newest that it told of itself. */
  status(): Extract<EndMessage, { kind: 'status' }> | undefined
  kill(): Promise<void>
}

export function startEnd(config: EndConfig, report: (text: string) => void): EndProcess {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
  })
  let status: Extract<EndMessage, { kind: 'status' }> | undefined
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: EndMessage) => {
      if (message.kind === 'ready') resolve()
      if (message.kind === 'status') status = message
      if (message.kind === 'report') report(message.text)
    })
    child.on('exit', () => resolve())
  })
  const exited = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code))
  })
  return {
    child,
    ready,
    exited,
    status: () => status,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
