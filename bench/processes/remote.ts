import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endWithParent } from './end-with-parent.ts'

/** A program of this benchmark in a process of its own, whose methods can be called. */
export interface Remote {
  readonly pid: number
  call<T>(method: string, argument?: unknown): Promise<T>
  /** As a crash: nothing is tidied up. */
  kill(): Promise<void>
  /** Ends it in order, by force after ten seconds. Twice is fine. */
  stop(): Promise<void>
}

interface Call {
  readonly id: number
  readonly method: string
  readonly argument: unknown
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

const STOP_MS = 10_000

/** @param program relative to this folder */
export function startRemote(program: string): Remote {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const waiting = answersOf(child)
  let calls = 0
  return {
    pid: child.pid ?? 0,
    call<T>(method: string, argument?: unknown) {
      calls += 1
      const id = calls
      child.send({ id, method, argument } satisfies Call)
      return new Promise<T>((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      })
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      child.kill('SIGTERM')
      await exited
      clearTimeout(force)
    },
  }
}

type Waiting = Map<number, { resolve(value: unknown): void; reject(error: Error): void }>

function answersOf(child: ChildProcess): Waiting {
  const waiting: Waiting = new Map()
  child.on('message', (message) => {
    const { id, value, error } = message as Answer
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(error))
  })
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`The process has ended (${code ?? signal}).`))
  })
  return waiting
}

/** The child's end: answers calls until SIGTERM, or until the parent is gone. */
export function serveRemote(
  methods: Readonly<Record<string, (argument: never) => Promise<unknown>>>,
  stop: () => Promise<void>,
): void {
  endWithParent(stop)
  process.on('message', (message) => {
    const { id, method, argument } = message as Call
    const work = methods[method]?.(argument as never) ?? Promise.reject(new Error(`There is no ${method}.`))
    work.then(
      (value) => process.send?.({ id, value } satisfies Answer),
      (error: unknown) =>
        process.send?.({
          id,
          error: error instanceof Error ? error.message : String(error),
        } satisfies Answer),
    )
  })
}
