import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Side } from '../../strangler/core/words.ts'
import type { SideDatabase } from './side-database.ts'

export interface ServedSide {
  readonly url: string
  stop(): Promise<void>
}

/** A message over a WebSocket adds a number; `POST /items` adds a number, `PUT /items` counts one up, `GET /items` says who answers; `GET /connections` tells the test of its own. */
export async function serveSide(
  side: Side,
  database: Pick<SideDatabase, 'run' | 'ownConnections'>,
): Promise<ServedSide> {
  const server = createServer((req, res) => {
    const answer = (status: number, text = '') => {
      res.writeHead(status, { 'x-side': side }).end(text)
    }
    const work = async () => {
      if (req.url === '/connections') return answer(200, JSON.stringify(database.ownConnections()))
      if (req.method === 'GET') return answer(200, side)
      const number = await readBody(req)
      const changed = await database.run(req.method === 'POST' ? 'add' : 'hit', number)
      answer(changed === 1 ? 200 : 404)
    }
    work().catch((error: Error) => answer(500, `${side}: ${error.message}`))
  }).listen(0, '127.0.0.1')
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      database.run('add', String(data)).then(
        () => socket.send(side),
        (error: Error) => socket.send(`failed at the ${side}: ${error.message}`),
      )
    })
  })
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}
