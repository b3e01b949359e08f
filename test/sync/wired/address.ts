import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** One address behind which servers take each other's place. */
export interface Address {
  /** `url` as it is reached by way of this address. */
  of(url: string): string
  /** New connections go to that server; those that there are end. */
  pointTo(url: string): void
  stop(): Promise<void>
}

export async function openAddress(url: string): Promise<Address> {
  let port = Number(new URL(url).port)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    // The other end's failure is what a database's client has to live with.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    keep(client)
    keep(upstream)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    of(there) {
      const here = new URL(there)
      here.port = String((server.address() as AddressInfo).port)
      return here.href
    },
    pointTo(other) {
      port = Number(new URL(other).port)
      endAll()
    },
    async stop() {
      server.close()
      endAll()
      await once(server, 'close')
    },
  }
}
