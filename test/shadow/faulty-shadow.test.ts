import { connect, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { json, serve } from './serve.ts'
import { startShadowStand, verdictsOf } from './shadow-stand.ts'

const BODY = gzipSync(
  JSON.stringify({ items: Array.from({ length: 500 }, (_, id) => ({ id, name: `item ${id}` })) }),
)

/** A side that does with a connection what the test wants, once a request has come in. */
async function serveRaw(answer: (socket: Socket) => void): Promise<{ url: string; open: Set<Socket> }> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    socket.on('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, open }
}

const monolithAnswer = () =>
  serve((_req, res) => {
    res.writeHead(200, [
      ...['Content-Type', 'application/json', 'Content-Encoding', 'gzip', 'X-Case', 'Kept'],
      ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', String(BODY.length)],
    ])
    res.end(BODY)
  })

/** The bytes of an answer, less what is of the moment. */
async function bytesOf(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /items/1 HTTP/1.1\r\nHost: shop\r\nX-Correlation-Id: one\r\nConnection: close\r\n\r\n')
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
    .toString('latin1')
    .replace(/^date: .*\r\n/im, '')
}

const gigabyte = (framing: 'announced' | 'chunked') => (socket: Socket) => {
  const body = Buffer.alloc(1_048_576, 'x')
  let left = 1_024
  const isChunked = framing === 'chunked'
  const chunk = isChunked ? Buffer.concat([Buffer.from('100000\r\n'), body, Buffer.from('\r\n')]) : body
  const length = isChunked ? 'transfer-encoding: chunked' : `content-length: ${left * body.length}`
  socket.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n`)
  const more = () => {
    while (left-- > 0) if (!socket.write(chunk)) return void socket.once('drain', more)
  }
  more()
}

test.each<[string, (socket: Socket) => void, string]>([
  ['hangs', () => undefined, 'shadow-timeout'],
  [
    'answers a byte a second',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
    'shadow-timeout',
  ],
  ['resets the connection', (socket) => socket.resetAndDestroy(), 'shadow-reset'],
  [
    'breaks off inside its answer',
    (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
    'shadow-reset',
  ],
  ['answers rubbish', (socket) => void socket.end('\u0000\u0001 no HTTP at all\r\n\r\n'), 'shadow-reset'],
  ['answers a gigabyte', gigabyte('announced'), 'too-large'],
  ['answers a gigabyte without saying how long it is', gigabyte('chunked'), 'too-large'],
])('a shadow that %s changes nothing for the client', async (_name, answer, reason) => {
  const monolith = await monolithAnswer()
  const service = await serveRaw(answer)
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url },
    config: { compare: { timeoutMs: 400 } },
  })
  const shadowed = await bytesOf(stand.port)
  const found = await stand.take()
  stand.decide({ kind: 'route.set', endpoint: 'GET /items/:id', setting: { mode: 'monolith' } })
  expect(shadowed).toBe(await bytesOf(stand.port))
  expect(shadowed).toContain('X-Case: Kept')
  expect(verdictsOf(found)).toEqual({ [`skipped:${reason}`]: 1 })
  expect(stand.shadow.heldBytes).toBe(0)
  await expect.poll(() => service.open.size).toBe(0)
})

test('a shadow that cannot be reached is counted, and costs the client nothing', async () => {
  const monolith = await monolithAnswer()
  const service = await serve(json({}))
  service.stop()
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url })
  await bytesOf(stand.port)
  expect(verdictsOf(await stand.take())).toEqual({ 'skipped:shadow-unreachable': 1 })
})

test('answers that are too long, streams and failures are skipped with their reason', async () => {
  const monolith = await serve((req, res) => {
    const id = req.url?.split('/')[2]
    if (id === 'long') return void res.end('x'.repeat(2_000))
    if (id === 'head') return void res.writeHead(200, { 'content-length': '2000' }).end()
    if (id === 'stream') {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      return void res.end('data: 1\n\n')
    }
    if (id === 'broken') {
      res.writeHead(200, { 'content-length': '10' })
      res.write('half')
      return void setTimeout(() => res.destroy(), 50)
    }
    json({})(req, res)
  })
  const service = await serve(json({}))
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url },
    config: { compare: { maxBodyBytes: 1_000 } },
    capability: { endpoints: [{ endpoint: '* /items/:id', mode: 'shadow' }] },
  })
  const ask = async (id: string, method = 'GET') => {
    await fetch(`${stand.url}/items/${id}`, { method })
      .then((response) => response.text())
      .catch(() => undefined)
    return verdictsOf(await stand.take())
  }
  expect(await ask('long')).toEqual({ 'skipped:too-large': 1 })
  expect(await ask('stream')).toEqual({ 'skipped:streaming': 1 })
  expect(await ask('broken')).toEqual({ 'skipped:primary-failed': 1 })
  expect(service.requests).toHaveLength(0)
  expect(await ask('head', 'HEAD')).not.toHaveProperty('skipped:too-large')
  expect(stand.shadow.heldBytes).toBe(0)
})

test('when the queue is full, exchanges are dropped and counted, and nothing is held for them', async () => {
  const monolith = await serve(json({}))
  const service = await serveRaw(() => undefined)
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url },
    config: { compare: { concurrency: 2, maxWaiting: 3, timeoutMs: 300 } },
  })
  await Promise.all(
    Array.from({ length: 30 }, async (_, id) => (await fetch(`${stand.url}/items/${id}`)).text()),
  )
  const counts = verdictsOf(await stand.take())
  expect(counts['skipped:queue-full']).toBeGreaterThanOrEqual(20)
  expect(counts['skipped:shadow-timeout']).toBeGreaterThanOrEqual(2)
  expect((counts['skipped:queue-full'] ?? 0) + (counts['skipped:shadow-timeout'] ?? 0)).toBe(30)
  expect(stand.shadow.heldBytes).toBe(0)
})
