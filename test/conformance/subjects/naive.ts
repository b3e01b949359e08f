import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Address, RunningSubject, Subject } from './subject.ts'

async function start(upstream: Address): Promise<RunningSubject> {
  const agent = new Agent({ keepAlive: true })
  const server = createServer({ insecureHTTPParser: true }, (incoming, outgoing) => {
    const { method, url, headers } = incoming
    const forwarded = request({ ...upstream, agent, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
      answer.on('error', () => outgoing.end())
    })
    forwarded.on('error', (error) => outgoing.headersSent || outgoing.writeHead(504).end(error.message))
    incoming.pipe(forwarded)
  })
  server.on('upgrade', (incoming, socket, first) => {
    const lines = incoming.rawHeaders.flatMap((text, at, all) => (at % 2 ? [] : [`${text}: ${all[at + 1]}`]))
    const forwarded = connect(upstream, () => {
      forwarded.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      forwarded.write(first)
      forwarded.pipe(socket).pipe(forwarded)
    })
    for (const end of [socket, forwarded]) end.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    pid: undefined,
    async stop() {
      agent.destroy()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The proxy that everybody writes first, in twenty lines. The suite must catch what it does wrong. */
export const naive: Subject = { name: 'a naive proxy', start }
