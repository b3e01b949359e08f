import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createProxyServer, type ProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'

const releases: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

/** A side that answers each request with its path, after a turn, and counts how many it has at once. */
async function startStand(): Promise<{
  proxy: ProxyServer
  port: number
  most: () => number
  served: string[]
}> {
  let open = 0
  let most = 0
  const served: string[] = []
  const side = http.createServer(async (req, res) => {
    open += 1
    most = Math.max(most, open)
    let body = ''
    for await (const chunk of req) body += chunk
    await new Promise((resolve) => setTimeout(resolve, 5))
    served.push(`${req.url} ${body}`.trim())
    open -= 1
    res.end(`<${req.url}${body === '' ? '' : `=${body}`}>`)
  })
  await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve))
  releases.push(() => side.close())
  const config = checkConfig({
    sides: { monolith: `http://127.0.0.1:${(side.address() as AddressInfo).port}` },
  })
  const proxy = createProxyServer({
    config,
    table: compileTable(config, EMPTY_STATE),
    secret: Buffer.alloc(32),
  })
  const { port } = await proxy.listen(0, '127.0.0.1')
  releases.push(() => proxy.stop({ drainMs: 100 }))
  return { proxy, port, most: () => most, served }
}

function send(port: number, text: string, isDone: (answer: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text))
    socket.setTimeout(10_000, () => reject(new Error(`no end in: ${answer.slice(-300)}`)))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.on('data', (chunk) => {
      answer += chunk
      if (isDone(answer)) socket.destroy()
    })
  })
}

test('200 pipelined requests reach the side one at a time, and are answered in their order', async () => {
  const { port, most, served } = await startStand()
  const paths = Array.from({ length: 200 }, (_, i) => `/item-${i}`)
  const text = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
  const answer = await send(port, text, (so) => so.includes('</item-199>'))
  expect(most()).toBe(1)
  expect(served).toEqual(paths)
  expect([...answer.matchAll(/<(\/item-\d+)>/g)].map((match) => match[1])).toEqual(paths)
})

test('bodies of pipelined requests stay with their requests', async () => {
  const { port } = await startStand()
  const big = 'x'.repeat(300_000)
  const post = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const answer = await send(port, post('/a', 'one') + post('/b', big) + post('/c', 'three'), (so) =>
    so.includes('</c=three>'),
  )
  expect(answer).toContain('</a=one>')
  expect(answer).toContain(`</b=${big}>`)
})

test('what waits behind a request whose client has gone never reaches the side', async () => {
  const { port, served } = await startStand()
  const first = 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n'
  const rest = Array.from({ length: 50 }, (_, i) => `GET /later-${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
  await send(port, first + rest, (answer) => answer.includes('</first>'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(served.length).toBeLessThan(10)
})

test('garbage behind a request in flight closes the connection instead of answering in its place', async () => {
  const { port } = await startStand()
  const answer = await send(
    port,
    'POST /done HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGARBAGE\r\n\r\n',
    () => false,
  )
  expect(answer).not.toContain('400')
})
