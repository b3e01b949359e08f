import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type CutoverStand, fillCopy, startCutoverStand } from './cutover-stand.ts'

const SLOW_MS = 120_000
let stand: CutoverStand

beforeAll(async () => {
  stand = await startCutoverStand(1)
  await fillCopy(stand)
}, SLOW_MS)
afterAll(() => stand.stop(), SLOW_MS)

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(`${stand.proxyUrl().replace('http', 'ws')}/items`)
  await once(socket, 'open')
  return socket
}

/** Adds a number over an upgraded connection; the side that took it. */
async function write(socket: WebSocket, number: string): Promise<string> {
  const answered = once(socket, 'message')
  socket.send(number)
  return String((await answered)[0])
}

/** It has shaken hands, and from then on says nothing, reads nothing and answers no close. */
async function openDeaf(): Promise<Socket> {
  const { hostname, port } = new URL(stand.proxyUrl())
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(
    `GET /items HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}\r\n\r\n`,
  )
  await once(socket, 'data')
  socket.pause()
  return socket
}

describe('an upgraded connection that may write', () => {
  it(
    'is closed with 1012 when its capability is held, does not make the cut-over fail, and writes at the new owner when it comes back',
    async () => {
      const socket = await open()
      expect(await write(socket, 'before')).toBe('monolith')
      const closed = once(socket, 'close')
      await stand.moveTo('service')
      expect((await closed)[0]).toBe(1012)
      await vi.waitFor(async () => expect(await stand.owner()).toBe('service'), 10_000)
      const again = await open()
      expect(await write(again, 'after')).toBe('service')
      again.close()
      await stand.settle()
    },
    SLOW_MS,
  )

  it(
    'holds a cut-over up no longer than writes may be held when its client is deaf',
    async () => {
      const deaf = await openDeaf()
      const { heldMs } = await stand.moveTo('monolith')
      expect(heldMs).toBeLessThan(5_000)
      deaf.destroy()
      await vi.waitFor(async () => expect(await stand.owner()).toBe('monolith'), 10_000)
    },
    SLOW_MS,
  )
})
