import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Address, RunningSubject, Subject } from './subject.ts'

type Handler = (upstream: Address, agent: Agent) => RequestListener

const streaming: Handler = (upstream, agent) => (incoming, outgoing) => {
  const { method, url, headers } = incoming
  const forwarded = request({ ...upstream, agent, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(outgoing)
    answer.on('error', () => outgoing.end())
  })
  forwarded.on('error', (error) => outgoing.headersSent || outgoing.writeHead(504).end(error.message))
  incoming.pipe(forwarded)
}

const buffering: Handler = (upstream, agent) => async (incoming, outgoing) => {
  const body = await collect(incoming)
  const { method, url, headers } = incoming
  const attempt = (left: number) => {
    const forwarded = request({ ...upstream, agent, method, path: url, headers }, async (answer) => {
      const whole = await collect(answer)
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(whole)
    })
    forwarded.on('error', () => (left > 0 ? attempt(left - 1) : outgoing.writeHead(502).end()))
    forwarded.end(body)
  }
  attempt(1)
}

function collect(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  message.on('data', (part: Buffer) => parts.push(part))
  message.on('error', () => message.destroy())
  return new Promise((resolve) => message.on('close', () => resolve(Buffer.concat(parts))))
}

/** Joins the two sockets and looks at nothing that passes. */
function passUpgrades(server: Server, upstream: Address): void {
  server.on('upgrade', (incoming, socket, first) => {
    const lines = incoming.rawHeaders.flatMap((text, at, all) => (at % 2 ? [] : [`${text}: ${all[at + 1]}`]))
    const forwarded = connect(upstream, () => {
      forwarded.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      forwarded.write(first)
      forwarded.pipe(socket).pipe(forwarded)
    })
    for (const end of [socket, forwarded]) end.on('error', () => socket.destroy())
  })
}

async function start(handler: Handler, upstream: Address): Promise<RunningSubject> {
  const agent = new Agent({ keepAlive: true })
  const server = createServer({ insecureHTTPParser: true }, handler(upstream, agent))
  passUpgrades(server, upstream)
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

const twin = (name: string, handler: Handler): Subject => ({
  name,
  start: (upstream) => start(handler, upstream),
})

/** Broken twins: the suite must catch what they do wrong. */
export const TWINS = {
  /** The proxy that everybody writes first. */
  naive: twin('a naive proxy', streaming),
  /** Reads whole bodies before it passes them on, and tries everything twice. */
  buffering: twin('a buffering, retrying proxy', buffering),
}
