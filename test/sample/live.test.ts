import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { openEventStream } from './event-stream.ts'
import type { HttpClient } from './http-client.ts'
import { INVENTORY_SIDES, type Running, signIn, startInventory, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
let service: Awaited<ReturnType<typeof startInventory>>
let token: string
beforeAll(async () => {
  shop = await startShop()
  if (INVENTORY_SIDES.includes('service')) service = await startInventory(shop)
  token = await signIn(shop, 1)
})
afterAll(async () => {
  await service?.stop()
  await shop?.stop()
})

describe.each(INVENTORY_SIDES)('stock changes of the %s', (side) => {
  let url: string
  let staff: HttpClient
  beforeAll(() => {
    url = side === 'monolith' ? shop.url : service.url
    staff = (side === 'monolith' ? shop : service).client.as(token)
  })
  const adjust = (sku: string, delta = 1) =>
    staff.post(`/api/inventory/${sku}/adjust`, { warehouse: 'BER', delta })

  it('arrive one by one as server-sent events, of one sku when asked', async () => {
    await using stream = await openEventStream(`${url}/api/inventory/stream?sku=SKU-00001`)
    expect(stream.contentType).toBe('text/event-stream; charset=utf-8')
    await adjust('SKU-00002')
    await adjust('SKU-00001', 3)
    const { data } = await stream.next()
    expect(data).toMatchObject({ sku: 'SKU-00001', warehouse: 'BER', reason: 'adjust' })
    expect(data.available).toBe(data.onHand - data.reserved)
  })

  it('are sent again to a client that comes back with the last id it saw', async () => {
    let lastId: string
    {
      await using stream = await openEventStream(`${url}/api/inventory/stream`)
      await adjust('SKU-00003')
      lastId = (await stream.next()).id
    }
    await adjust('SKU-00004')
    await adjust('SKU-00005')
    await using stream = await openEventStream(`${url}/api/inventory/stream`, { 'last-event-id': lastId })
    expect([(await stream.next()).data.sku, (await stream.next()).data.sku]).toEqual([
      'SKU-00004',
      'SKU-00005',
    ])
  })

  it('arrive on the WebSocket, of the skus that were subscribed', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/stock`)
    const received = on(socket)
    expect(await received()).toMatchObject({ type: 'hello' })
    socket.send('{"type":"subscribe","skus":["SKU-00007"]}')
    expect(await received()).toEqual({ type: 'subscribed', skus: ['SKU-00007'] })
    await adjust('SKU-00006')
    await adjust('SKU-00007')
    expect(await received()).toMatchObject({ type: 'stock', sku: 'SKU-00007' })
    socket.send('{"type":"ping"}')
    expect(await received()).toEqual({ type: 'pong' })
    socket.send('not json')
    expect(await received()).toMatchObject({ type: 'error' })
    socket.close()
    await once(socket, 'close')
  })

  it('are not to be had as a WebSocket on another path', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/other`)
    const [error] = await once(socket, 'error')
    expect(String(error)).toContain('404')
  })
})

it('a stop ends streams and sockets, and does not wait for them', async () => {
  const other = await startShop()
  const stream = await openEventStream(`${other.url}/api/inventory/stream`)
  const socket = new WebSocket(`${other.url.replace('http', 'ws')}/ws/stock`)
  await once(socket, 'message')
  const closed = once(socket, 'close')
  const began = performance.now()
  await other.stop()
  expect(performance.now() - began).toBeLessThan(4_500)
  expect((await closed)[0]).toBe(1001)
  await expect(stream.next()).rejects.toThrow('ended')
})

/** The messages of a socket in the order they come, each awaited once. */
function on(socket: WebSocket) {
  const queue: unknown[] = []
  const waiting: ((message: unknown) => void)[] = []
  socket.on('message', (data) => {
    const message: unknown = JSON.parse(String(data))
    const next = waiting.shift()
    if (next === undefined) queue.push(message)
    else next(message)
  })
  return () =>
    queue.length > 0
      ? Promise.resolve(queue.shift())
      : new Promise<unknown>((resolve) => waiting.push(resolve))
}
