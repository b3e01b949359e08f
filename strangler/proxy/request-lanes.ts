import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * One request of a connection at a time. Node hands out all that a client has pipelined at once, so that one connection could open
 * thousands towards a side; answers must leave in order anyway (RFC 9112 §9.3.2).
 */
export interface RequestLanes {
  /** Calls `serve` now, or when the requests before it on its connection have been answered. */
  enter(req: IncomingMessage, res: ServerResponse): void
  /** Whether a request of the connection has been read as a whole and waits for its answer. */
  awaitsAnswer(socket: Socket): boolean
}

interface Lane {
  serving: IncomingMessage | undefined
  readonly waiting: [IncomingMessage, ServerResponse][]
}

export function createRequestLanes(serve: (req: IncomingMessage, res: ServerResponse) => void): RequestLanes {
  const lanes = new WeakMap<Socket, Lane>()

  function run(lane: Lane, req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req
    lane.serving = req
    res.once('close', () => leave(lane, socket))
    serve(req, res)
  }
  function leave(lane: Lane, socket: Socket): void {
    lane.serving = undefined
    if (socket.destroyed) {
      lane.waiting.length = 0
      return
    }
    const next = lane.waiting.shift()
    // What waits was read as a whole, but for the last one, whose body may still be on its way.
    if (lane.waiting.length === 0) socket.resume()
    if (next !== undefined) run(lane, ...next)
  }

  return {
    enter(req, res) {
      const { socket } = req
      let lane = lanes.get(socket)
      if (lane === undefined) {
        lane = { serving: undefined, waiting: [] }
        lanes.set(socket, lane)
      }
      if (lane.serving === undefined) return run(lane, req, res)
      lane.waiting.push([req, res])
      socket.pause()
    },
    awaitsAnswer: (socket) => lanes.get(socket)?.serving?.complete === true,
  }
}
