import diagnostics from 'node:diagnostics_channel'
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'

const countListeners = (emitter: EventEmitter) =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)

/** Collects the sockets of this process that a channel speaks of. */
function collectSockets(channel: string, socketOf: (message: never) => Socket) {
  const sockets = new Set<Socket>()
  const collect = (message: unknown) => void sockets.add(socketOf(message as never))
  diagnostics.subscribe(channel, collect)
  return { sockets, stop: () => diagnostics.unsubscribe(channel, collect) }
}

describeRow('11', (check) => {
  for (const [kind, line, headers, body] of [
    ['GETs', 'GET /items HTTP/1.1', [], ''],
    ['POSTs', 'POST /items HTTP/1.1', ['Content-Length: 5'], 'hello'],
    ['bodyless DELETEs', 'DELETE /items/1 HTTP/1.1', ['Content-Length: 0'], ''],
  ] as const) {
    check(`15 ${kind} on one connection leave no listener on its socket`, async (bench) => {
      const { connect, upstream } = await bench.start({ deadlines: { headersMs: 5_000, totalMs: 9_000 } })
      const served = collectSockets('http.server.request.start', ({ socket }: { socket: Socket }) => socket)
      bench.onStop(served.stop)
      const client = await connect()
      const counts: number[] = []
      for (let request = 0; request < 15; request++) {
        expect((await client.exchange(line, [...headers], body)).status).toBe(200)
        const [socket] = served.sockets
        if (socket === undefined || served.sockets.size > 1) throw new Error('expected one served connection')
        counts.push(countListeners(socket))
      }
      expect(new Set(counts.slice(1)).size, `listeners: ${counts}`).toBe(1)
      expect(upstream.exchanges).toHaveLength(15)
    })
  }

  check('15 requests on one pooled upstream connection leave no listener on its socket', async (bench) => {
    const opened = collectSockets('net.client.socket', ({ socket }: { socket: Socket }) => socket)
    bench.onStop(opened.stop)
    const { connect, upstream } = await bench.start({ deadlines: { headersMs: 5_000, totalMs: 9_000 } })
    const client = await connect()
    const counts: number[] = []
    for (let request = 0; request < 15; request++) {
      await client.exchange('GET /items HTTP/1.1')
      const pooled = [...opened.sockets].filter((socket) => socket.remotePort === upstream.port)
      counts.push(pooled.reduce((sum, socket) => sum + countListeners(socket), 0))
    }
    expect(upstream.connections).toBe(1)
    expect(new Set(counts.slice(1)).size, `listeners: ${counts}`).toBe(1)
  })

  check('the runtime warns of no listener leak after 60 requests', async (bench) => {
    const warnings: string[] = []
    const collect = (warning: Error) => warnings.push(warning.name)
    process.on('warning', collect)
    bench.onStop(() => process.off('warning', collect))
    const { connect } = await bench.start()
    const client = await connect()
    for (let request = 0; request < 60; request++) await client.exchange('GET /items HTTP/1.1')
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).not.toContain('MaxListenersExceededWarning')
  })
})
