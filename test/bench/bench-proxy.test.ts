import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { checkAnswer } from '../../bench/proxy/check-answer.ts'
import { median, percentile } from '../../bench/statistics.ts'

const SHORTEST = [
  'proxy',
  '--json',
  '--rounds',
  '1',
  '--seconds',
  '1',
  '--warm-up-seconds',
  '1',
  '--toggles',
  '4',
  '--proxies',
  '2',
]

describe('the proxy benchmark', () => {
  test('prints one JSON object with every ratio, measured on peers that gave the same answer', async () => {
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['bench/main.ts', ...SHORTEST], { maxBuffer: 2 ** 24 })
    const report = JSON.parse(stdout)
    for (const name of [
      'vsFastifyHttpProxy',
      'vsExpressHpm',
      'addedP99Ms',
      'addedP99VsFastify',
      'togglePropagationP99Ms',
    ]) {
      expect(report[name], name).toBeTypeOf('number')
    }
    expect(report.vsFastifyHttpProxy).toBeGreaterThan(0)
    expect(report.togglePropagationP99Ms).toBeGreaterThan(0)
    expect(Object.keys(report.throughput.requestsPerSecond)).toContain('kit')
    if (process.platform === 'linux') expect(report.throughput.byCpu.vsFastifyHttpProxy).toBeGreaterThan(0)
    // What a shadow costs that does not answer as it should is measured for every way of it.
    for (const name of ['p50Ratio', 'p99Ratio', 'faultyP99Ratio'])
      expect(report.shadow[name], name).toBeGreaterThan(0)
    const ratios = Object.values<{ p99Ratio: number }>(report.shadow.faulty).map(({ p99Ratio }) => p99Ratio)
    expect(ratios).toHaveLength(5)
    expect(report.shadow.faultyP99Ratio).toBe(Math.max(...ratios))
    // What gave way is told beside what it saves.
    expect(report.shadow.compared.compared).toBeGreaterThan(0)
    expect(report.shadow.comparedShare).toBeGreaterThan(0)
    expect(report.shadow.comparedShare).toBeLessThanOrEqual(1)
    // And what it would cost if nothing gave way.
    expect(report.shadow.everything.p99Ratio).toBeGreaterThan(0)
    expect(report.shadow.everything.comparedShare).toBeGreaterThan(0)
    expect(report.toggles).toMatchObject({ toggles: 4, proxies: 2 })
    expect(report.machine).toMatchObject({
      node: process.version,
      tool: expect.stringMatching(/^(wrk|autocannon)$/),
    })
    const [round] = report.throughput.rounds
    expect(Object.keys(round)).toEqual(
      expect.arrayContaining(['upstream', 'kit', 'fastifyHttpProxy', 'expressHpm']),
    )
    // nginx is not on every machine; where it is, it is measured.
    expect('vsNginx' in report).toBe('nginx' in round)
  }, 240_000)

  test('leaves no process behind when it is interrupted', async () => {
    const child = spawn(process.execPath, ['bench/main.ts', ...SHORTEST], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
      if (text.includes('measuring with')) child.kill('SIGINT')
    })
    // The children have our end of the pipe as their standard error: it closes when the last of them has gone.
    const [[code]] = await Promise.all([once(child, 'exit'), once(child.stderr, 'close')])
    expect(code, told).toBe(1)
  }, 120_000)

  test('names what is wrong with its arguments', async () => {
    const child = spawn(process.execPath, ['bench/main.ts', 'proxy', '--rounds', 'many'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const [[code], [told]] = await Promise.all([
      once(child, 'exit'),
      once(child.stderr.setEncoding('utf8'), 'data'),
    ])
    expect(code).toBe(2)
    expect(told).toContain('--rounds')
  })
})

describe('checking an answer before it is timed', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  const serve = async (status: number, body: string) => {
    const server = createServer((_req, res) =>
      res.writeHead(status, { connection: 'close' }).end(body),
    ).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test('passes a peer that answers as the upstream does', async () => {
    const upstream = await serve(200, 'same')
    await checkAnswer({ name: 'peer', url: await serve(200, 'same') }, upstream, '/')
  })

  test.each([
    ['another status', 503, 'same'],
    ['other bytes', 200, 'Same'],
  ])('refuses a peer with %s', async (_what, status, body) => {
    const upstream = await serve(200, 'same')
    await expect(
      checkAnswer({ name: 'peer', url: await serve(status, body) }, upstream, '/'),
    ).rejects.toThrow('peer answers with')
  })
})

describe('the statistics', () => {
  test('the median of an even number of values is the mean of the middle two', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([9, 1, 5])).toBe(5)
  })

  test('a percentile is a value that was measured', () => {
    const values = Array.from({ length: 200 }, (_, i) => i + 1)
    expect(percentile(values, 99)).toBe(198)
    expect(percentile([7], 99)).toBe(7)
  })
})
