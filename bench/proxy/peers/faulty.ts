import { type AddressInfo, createServer, type Socket } from 'node:net'
import { serveInChild } from '../../processes/serve-in-child.ts'
import { type Fault, faultOf } from './faults.ts'

const MEBIBYTE = Buffer.alloc(1_048_576, 'x')
const DRIP_MS = 200
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

const MISBEHAVE: Readonly<Record<Fault, (socket: Socket) => void>> = {
  hangs: () => undefined,
  drips(socket) {
    socket.write(`${HEAD}content-length: 1024\r\n\r\n`)
    const timer = setInterval(() => socket.write('x'), DRIP_MS)
    socket.once('close', () => clearInterval(timer))
  },
  resets: (socket) => void socket.resetAndDestroy(),
  gigabyte(socket) {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`)
    let left = 1_024
    const more = () => {
      while (left-- > 0) {
        socket.write(`${MEBIBYTE.length.toString(16)}\r\n`)
        socket.write(MEBIBYTE)
        if (!socket.write('\r\n')) return void socket.once('drain', more)
      }
    }
    more()
  },
  rubbish: (socket) => void socket.end('\u0000\u0001 no HTTP at all\r\n\r\n'),
}

// Bytes, because no HTTP server would do what this one does.
serveInChild(async () => {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => open.delete(socket))
    socket.on('data', (head) => {
      const fault = faultOf(head.toString('latin1'))
      if (fault === undefined) socket.end(`${HEAD}content-length: 0\r\nconnection: close\r\n\r\n`)
      else MISBEHAVE[fault](socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
})
