import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Bench } from '../bench.ts'
import type { Address, SubjectOptions } from '../subjects/subject.ts'
import { HANDSHAKE, SWITCHED } from './websocket-frames.ts'

/** A WebSocket server that sends every message back; `close 4002` makes it close with that code. */
export async function startEchoServer(bench: Bench) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const paths: string[] = []
  let reportClose: (code: number) => void = () => undefined
  const firstClose = new Promise<number>((resolve) => {
    reportClose = resolve
  })
  server.on('connection', (socket, request) => {
    paths.push(request.url ?? '')
    socket.on('close', (code) => reportClose(code))
    socket.on('message', (data, isBinary) => {
      const code = isBinary ? undefined : /^close (\d+)$/.exec(data.toString())?.[1]
      if (code === undefined) socket.send(data, { binary: isBinary })
      else socket.close(Number(code))
    })
  })
  bench.onStop(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, paths, closed: () => firstClose }
}

/** A WebSocket client that asks one question at a time. */
export async function openEcho(bench: Bench, address: Address, path = '/socket') {
  const socket = new WebSocket(`ws://${address.host}:${address.port}${path}`)
  bench.onStop(() => socket.terminate())
  const closed = new Promise<{ code: number }>((resolve) => socket.on('close', (code) => resolve({ code })))
  await once(socket, 'open')
  return {
    closed,
    close: (code: number, reason: string) => socket.close(code, reason),
    async ask(question: string | Buffer): Promise<string | Buffer> {
      socket.send(question)
      const [data, isBinary] = (await Promise.race([once(socket, 'message'), failWhenClosed(closed)])) as [
        RawData,
        boolean,
      ]
      return isBinary ? (data as Buffer) : data.toString()
    },
  }
}

async function failWhenClosed(closed: Promise<{ code: number }>): Promise<never> {
  throw new Error(`the WebSocket was closed with ${(await closed).code}`)
}

/** An open raw WebSocket on the monolith, a service beside it, and the two events that begin a drain. */
export async function startHeldSocket(bench: Bench, options: SubjectOptions) {
  const service = await bench.upstream((exchange) => exchange.write(SWITCHED))
  const stand = await bench.start({
    ...options,
    service: { host: service.host, port: service.port },
    script: (exchange) => exchange.write(SWITCHED),
  })
  const client = await stand.connect()
  const arrived = stand.upstream.next()
  client.send('GET /socket HTTP/1.1', HANDSHAKE)
  const exchange = await arrived
  await client.readHead()
  const begin = (event: 'flip' | 'stop') => {
    const { proxy } = stand
    if (event === 'flip') void proxy.swap?.('service')
    else void proxy.drain?.()
  }
  return { ...stand, service, client, exchange, begin }
}
