import type { RefusedConnection } from '../../strangler/core/refused-connection.ts'
import { RawClient } from '../conformance/tools/raw-client.ts'

/** A port that strangers reach. */
export interface Attacked {
  readonly address: { readonly host: string; readonly port: number }
  /** What it has told of connections that it refused. */
  readonly refused: RefusedConnection[]
  /** The status that an ordinary client gets. */
  ask(): Promise<number>
}

/** How long the ports of these tests give a client for its headers. */
export const HEADERS_MS = 400
/** Both the deadline and the look at it may take that long, and the machine is busy. */
export const SOON = { timeout: 15_000 }

const HEAD = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n'

interface Bomb {
  readonly bytes: string
  readonly status: number
  /** The admin port has answered before it comes to the body, which nobody wants there. */
  readonly inBody?: true
}

/** What no server should take for a request, with the status that it gets. */
export const BOMBS: readonly (readonly [what: string, bomb: Bomb])[] = [
  ['one header of 100 KB', { bytes: `${HEAD}X-Bomb: ${'x'.repeat(100_000)}\r\n\r\n`, status: 431 }],
  ['50,000 small headers', { bytes: `${HEAD}${'a: b\r\n'.repeat(50_000)}\r\n`, status: 431 }],
  [
    'a target of 100 KB',
    { bytes: `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, status: 431 },
  ],
  ['a head that never ends', { bytes: `${HEAD}X-Bomb: ${'x'.repeat(70_000)}`, status: 431 }],
  ['no HTTP at all', { bytes: '\u0016\u0003\u0001\u0002\u0000 what is this\r\n\r\n', status: 400 }],
  ['a control character in a header', { bytes: `${HEAD}X-A: a\u0000b\r\n\r\n`, status: 400 }],
  [
    'a chunk whose size is no number',
    { bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`, status: 400, inBody: true },
  ],
  [
    'a chunk with a negative size',
    { bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n`, status: 400, inBody: true },
  ],
  [
    'two lengths that disagree',
    { bytes: `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, status: 400 },
  ],
  [
    'a length and chunks',
    { bytes: `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, status: 400 },
  ],
]

export async function send(to: Attacked, bytes: string): Promise<RawClient> {
  const client = await RawClient.connect(to.address)
  // The port may close while this is still being written: that is its right.
  client.socket.on('error', () => undefined)
  client.write(bytes)
  return client
}

/** Many clients that begin a request and then send a byte now and then, as long as they are let. */
export async function dripHeads(to: Attacked, count: number): Promise<RawClient[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const client = await send(to, `${HEAD}X-Slow: `)
      const timer = setInterval(() => client.write('x'), HEADERS_MS / 8)
      client.socket.once('close', () => clearInterval(timer))
      return client
    }),
  )
}
