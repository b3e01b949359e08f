import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import type { RunningSubject } from './subjects/subject.ts'
import { readResidentMiB } from './tools/process-figures.ts'
import { type Sink, startSink } from './tools/sink.ts'

const MIB = 1_048_576
const BIG = 1_024 * MIB
const SOME = 256 * MIB
const BLOCK = Buffer.alloc(MIB / 4, 'x')
// What the kernel's socket buffers on both legs may swallow before anybody feels back-pressure.
const KERNEL_SLACK = 64 * MIB

/** Writes until `total` is reached or the socket takes no more for a while; says how much went. */
async function pour(socket: Socket, total: number, giveUpAfterMs = 10_000): Promise<number> {
  let sent = 0
  while (sent < total) {
    sent += BLOCK.length
    if (socket.write(BLOCK)) continue
    const drained = once(socket, 'drain').then(() => true)
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, giveUpAfterMs, false))
    if (!(await Promise.race([drained, late]))) break
  }
  return sent
}

/** Watches the resident memory of the proxy while something runs; gives the growth in MiB. */
async function measureGrowth(proxy: RunningSubject, run: () => Promise<void>): Promise<number> {
  const { pid } = proxy
  if (pid === undefined) throw new Error('memory is measured in a process of its own')
  const before = readResidentMiB(pid)
  let highest = before
  const timer = setInterval(() => {
    highest = Math.max(highest, readResidentMiB(pid))
  }, 20)
  try {
    await run()
  } finally {
    clearInterval(timer)
  }
  return highest - before
}

async function upload(bench: Bench, proxy: RunningSubject, total: number): Promise<void> {
  const client = await bench.connect(proxy)
  client.send('POST /upload HTTP/1.1', [`Content-Length: ${total}`, 'Connection: close'])
  await pour(client.socket, total)
  const answer = await client.readAnswer({ timeoutMs: 20_000 })
  expect(answer.text).toBe(String(total))
}

async function download(bench: Bench, proxy: RunningSubject, total: number): Promise<void> {
  const sink = await openSink(bench, proxy, `/download/${total}`)
  await sink.finished
  expect(sink.received).toBeGreaterThan(total)
  expect(sink.received).toBeLessThan(total * 1.01 + 10_000)
}

const openSink = async (bench: Bench, proxy: RunningSubject, path: string): Promise<Sink> => {
  const sink = await startSink(proxy, `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n`)
  bench.onStop(() => sink.stop())
  return sink
}

/** A proxy in its own process in front of an upstream that counts uploads and pours downloads. */
async function startHeavy(bench: Bench) {
  const stand = await bench.start({
    ownProcess: true,
    async script(exchange) {
      const total = Number(exchange.path.split('/')[2] ?? 0)
      if (exchange.method === 'POST') return
      exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      await pour(exchange.socket, total)
    },
  })
  return stand
}

describeRow('13', (check) => {
  check(
    '1 GiB goes down in constant memory',
    async (bench) => {
      const { proxy } = await startHeavy(bench)
      await download(bench, proxy, 256 * MIB)
      expect(await measureGrowth(proxy, () => download(bench, proxy, BIG))).toBeLessThan(50)
    },
    { timeoutMs: 40_000 },
  )

  check(
    '1 GiB goes up in constant memory',
    async (bench) => {
      const sinkhole = await bench.countingUpstream()
      const proxy = await bench.proxy(sinkhole, { ownProcess: true })
      await upload(bench, proxy, 256 * MIB)
      expect(await measureGrowth(proxy, () => upload(bench, proxy, BIG))).toBeLessThan(50)
    },
    { timeoutMs: 40_000 },
  )

  check(
    'a client that does not read stops the upstream’s writing',
    async (bench) => {
      let poured = -1
      const stand = await bench.start({
        async script(exchange) {
          exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SOME}\r\n\r\n`)
          poured = await pour(exchange.socket, SOME, 700)
        },
        ownProcess: true,
      })
      const client = await stand.connect()
      client.stream.pause()
      client.send('GET /download HTTP/1.1')
      await expect.poll(() => poured, { timeout: 8_000 }).toBeGreaterThan(0)
      expect(poured).toBeLessThan(KERNEL_SLACK)
    },
    { caught: 'buffering' },
  )

  check(
    'an upstream that does not read stops the client’s writing',
    async (bench) => {
      const stand = await bench.start({
        script: (exchange) => exchange.stream.pause(),
        ownProcess: true,
      })
      const client = await stand.connect()
      client.send('POST /upload HTTP/1.1', [`Content-Length: ${SOME}`])
      expect(await pour(client.socket, SOME, 700)).toBeLessThan(KERNEL_SLACK)
    },
    { caught: 'buffering' },
  )

  check('a client that reads again gets the rest', async (bench) => {
    const total = 96 * MIB
    const { proxy } = await startHeavy(bench)
    const sink = await openSink(bench, proxy, `/download/${total}`)
    sink.pause()
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(sink.received).toBeLessThan(total / 2)
    sink.resume()
    await sink.finished
    expect(sink.received).toBeGreaterThan(total)
  })
})
