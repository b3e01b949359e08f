import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Address } from '../subjects/subject.ts'

/** A client that counts the bytes of its answer and throws them away. */
export interface Sink {
  readonly received: number
  readonly finished: Promise<unknown>
  pause(): void
  resume(): void
  stop(): void
}

export async function startSink(address: Address, request: string): Promise<Sink> {
  const socket = connect({ host: address.host, port: address.port })
  await once(socket, 'connect')
  let received = 0
  socket.on('data', (bytes) => {
    received += bytes.length
  })
  const finished = once(socket, 'end')
  finished.catch(() => undefined) // a sink that is stopped early has no end to wait for
  socket.write(request)
  return {
    get received() {
      return received
    },
    finished,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    stop: () => void socket.destroy(),
  }
}

/** An upstream that counts the body of each upload, throws it away and answers with the count. */
export async function startCountingUpstream(): Promise<Address & { stop(): void }> {
  const server = createServer((socket) => {
    let head = ''
    let received = -1
    let expected = 0
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      if (received < 0) {
        head += bytes.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        expected = Number(/content-length: (\d+)/i.exec(head)?.[1])
        received = head.length - end - 4
      } else received += bytes.length
      if (received < expected) return
      const text = String(received)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
      head = ''
      received = -1
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, stop: () => server.close() }
}
