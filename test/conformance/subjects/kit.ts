import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { KitCommand } from './kit-process.ts'
import { type KitOptions, startKitServer } from './kit-server.ts'
import type { CountedOutcome, RunningSubject, Subject } from './subject.ts'

const HOST = '127.0.0.1'

async function startInProcess(kit: KitOptions): Promise<RunningSubject> {
  const outcomes: CountedOutcome[] = []
  const { server, port, swap } = await startKitServer(kit, (outcome) => outcomes.push(outcome))
  return {
    host: HOST,
    port,
    pid: undefined,
    outcomes,
    swap,
    drain: () => server.stop(),
    stop: () => server.stop({ drainMs: 0 }),
  }
}

async function startOwnProcess(kit: KitOptions): Promise<RunningSubject> {
  const child = fork(new URL('kit-process.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const tell = async (command: KitCommand): Promise<unknown> => {
    child.send(command)
    const [answer] = (await Promise.race([once(child, 'message'), failOnExit(child)])) as [unknown]
    return answer
  }
  const { port } = (await tell({ start: kit })) as { port: number }
  const pid = child.pid as number
  return {
    host: HOST,
    port,
    pid,
    countSockets: async () => (await tell({ count: 'sockets' })) as number,
    async swap(target) {
      await tell({ swap: target })
    },
    async terminate() {
      child.kill('SIGTERM')
      const [code] = (await once(child, 'exit')) as [number | null]
      return code
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function failOnExit(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`the proxy's process left with exit code ${code}`)
}

/** The kit's own proxy; the engine says which way its one capability is forwarded. */
export function kitSubject(engine: KitOptions['engine']): Subject {
  return {
    name: engine,
    start(upstream, options) {
      const kit: KitOptions = { engine, upstream: { host: upstream.host, port: upstream.port }, options }
      return options.ownProcess === true ? startOwnProcess(kit) : startInProcess(kit)
    },
  }
}
