import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OpenLoopResult, OpenLoopSpec } from './open-loop.ts'

/** Runs the open-loop client in a process of its own, so that nothing here delays it. */
export async function runOpenLoop(spec: OpenLoopSpec, signal: AbortSignal): Promise<OpenLoopResult> {
  const child = fork(fileURLToPath(new URL('open-loop.ts', import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  try {
    child.send(spec)
    return await Promise.race([
      once(child, 'message', { signal }).then(([result]) => result as OpenLoopResult),
      exited.then(([code]) => Promise.reject(new Error(`The open-loop client ended with ${code}.`))),
    ])
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}
