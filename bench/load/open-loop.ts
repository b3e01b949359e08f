import { performance } from 'node:perf_hooks'
import { openRawConnection, type RawConnection } from './raw-connection.ts'

/** What the client is told. */
export interface OpenLoopSpec {
  readonly url: string
  readonly path: string
  readonly connections: number
  readonly requestsPerSecond: number
  /** Requests of the first seconds are sent but not counted. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** Milliseconds from when each request was due, so that a server that stalls cannot hide behind a client that waits for it. */
export interface OpenLoopResult {
  readonly latenciesMs: number[]
  /** How late the client itself was, for a look at how busy the machine is. */
  readonly clientLatenessMs: number[]
}

const TICK_MS = 1

/**
 * Sends at a fixed rate, whatever the server does. Requests are due on a grid of a millisecond, the finest that a timer keeps without
 * burning the core that the servers need.
 */
async function sendAtRate(spec: OpenLoopSpec): Promise<OpenLoopResult> {
  const fail = (error: Error) => {
    throw error
  }
  const connections = await Promise.all(
    Array.from({ length: spec.connections }, () => openRawConnection(spec.url, spec.path, fail)),
  )
  try {
    return await run(spec, connections)
  } finally {
    for (const connection of connections) connection.close()
  }
}

function run(spec: OpenLoopSpec, idle: RawConnection[]): Promise<OpenLoopResult> {
  const free = [...idle]
  const due: number[] = []
  const result: OpenLoopResult = { latenciesMs: [], clientLatenessMs: [] }
  const startedAt = performance.now()
  const countFrom = startedAt + spec.warmUpSeconds * 1_000
  const endAt = countFrom + spec.seconds * 1_000
  let planned = 0

  const send = (dueAt: number, connection: RawConnection) => {
    connection.ask(({ status }) => {
      if (status !== 200) throw new Error(`${spec.url} answered with ${status} under load.`)
      if (dueAt >= countFrom) result.latenciesMs.push(performance.now() - dueAt)
      const next = due.shift()
      if (next === undefined) free.push(connection)
      else send(next, connection)
    })
  }
  const plan = (now: number) => {
    // Every request that is due by now, at the tick when it was due.
    for (
      let at = startedAt + (planned * 1_000) / spec.requestsPerSecond;
      at <= now && at < endAt;
      planned++
    ) {
      const tick = startedAt + Math.ceil((at - startedAt) / TICK_MS) * TICK_MS
      if (tick > now) break
      if (tick >= countFrom) result.clientLatenessMs.push(now - tick)
      const connection = free.pop()
      if (connection === undefined) due.push(tick)
      else send(tick, connection)
      at = startedAt + ((planned + 1) * 1_000) / spec.requestsPerSecond
    }
  }
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      plan(now)
      if (now < endAt || free.length < idle.length) return
      clearInterval(timer)
      resolve(result)
    }, TICK_MS)
  })
}

process.once('message', (spec) => {
  sendAtRate(spec as OpenLoopSpec).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('SIGINT', () => undefined)
process.once('disconnect', () => process.exit())
