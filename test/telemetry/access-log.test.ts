import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import type { LoggedExchange } from '../../strangler/core/exchange-record.ts'
import { formatExchange, logExchange } from '../../strangler/telemetry/access-log.ts'
import { createLog } from '../../strangler/telemetry/log.ts'

const plain: LoggedExchange = {
  method: 'GET',
  path: '/api/inventory/SKU-1',
  status: 200,
  target: 'service',
  side: 'inventory',
  reason: 'SPLIT',
  endpoint: 'GET /api/inventory/:sku',
  capability: 'inventory',
  tableVersion: 7,
  bucket: 4_711,
  unitSource: 'address',
  engine: 'undici',
  attempts: 1,
  code: undefined,
  cause: undefined,
  durationMs: 1.234_567,
  proxyMs: 0.25,
  upstreamMs: 0.984_5,
  heldMs: 0,
  correlationId: 'order-17',
  traceId: '0af7651916cd43dd8448eb211c80319c',
}

/** The same line, as pino itself would write it. */
function writeByPino(record: LoggedExchange): string {
  const lines: string[] = []
  const logger = pino(
    { base: { pid: 1 }, timestamp: () => ',"time":"-"' },
    { write: (line: string) => lines.push(line) },
  )
  const ms = (value: number | undefined) =>
    value === undefined ? undefined : Math.round(value * 1_000) / 1_000
  const { cause, durationMs, proxyMs, upstreamMs, heldMs, ...rest } = record
  const rounded = {
    durationMs: ms(durationMs),
    proxyMs: ms(proxyMs),
    upstreamMs: ms(upstreamMs),
    heldMs: ms(heldMs),
  }
  logger.info({ ...rest, ...rounded }, 'request')
  return lines[0] ?? ''
}

function readWithoutTime(line: string): unknown {
  const { time, ...fields } = JSON.parse(line)
  return fields
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

function collect(level?: string) {
  const lines: string[] = []
  const log = createLog({
    destination: { write: (line) => lines.push(line) },
    ...(level === undefined ? {} : { level }),
  })
  return { log, lines }
}

describe('the access log', () => {
  test('says of any request what pino would say, whatever stands in its path', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\n', '\u2028', '\ud800', '\x7f', 'é', '{"a":1}'),
    )
    const optional = fc.option(text, { nil: undefined })
    const ms = fc.double({ min: 0, max: 1e6, noNaN: true })
    const record = fc.record({
      method: text,
      path: text,
      side: text,
      endpoint: optional,
      capability: optional,
      correlationId: text,
      durationMs: ms,
      upstreamMs: fc.option(ms, { nil: undefined }),
      bucket: fc.option(fc.nat(9_999), { nil: undefined }),
    })
    fc.assert(
      fc.property(record, (fields) => {
        const full = { ...plain, ...fields }
        const line = formatExchange(full, { level: 30, atMs: 0, pid: 1 })
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(readWithoutTime(line)).toEqual(readWithoutTime(writeByPino(full)))
      }),
    )
  })

  test('tells the time to the millisecond, over the second’s edge and back', () => {
    const times = [1_700_000_000_999, 1_700_000_001_000, 1_700_000_000_007].map(
      (atMs) => JSON.parse(formatExchange(plain, { level: 30, atMs, pid: 1 })).time,
    )
    expect(times).toEqual([
      '2023-11-14T22:13:20.999Z',
      '2023-11-14T22:13:21.000Z',
      '2023-11-14T22:13:20.007Z',
    ])
  })

  test('warns of a failure with its cause, and takes a client’s leaving for no failure', () => {
    const { log, lines } = collect()
    logExchange(log, {
      ...plain,
      status: 502,
      code: 'STRANGLER_UPSTREAM_REFUSED',
      cause: new Error('connect "ECONNREFUSED"'),
    })
    logExchange(log, { ...plain, status: 499, code: 'CLIENT_GONE', cause: new Error('gone') })
    const [failed, gone] = lines.map((line) => JSON.parse(line))
    expect(failed).toMatchObject({
      level: 40,
      code: 'STRANGLER_UPSTREAM_REFUSED',
      cause: 'connect "ECONNREFUSED"',
      msg: 'request',
    })
    expect(gone).toMatchObject({ level: 30, code: 'CLIENT_GONE' })
    expect(gone).not.toHaveProperty('cause')
  })

  test('keeps to the level that is set', () => {
    const { log, lines } = collect('warn')
    logExchange(log, plain)
    logExchange(log, { ...plain, code: 'STRANGLER_UPSTREAM_REFUSED' })
    expect(lines).toHaveLength(1)
  })

  test('stands in one stream with the other lines, in order', () => {
    const { log, lines } = collect()
    log.logger.info('before')
    logExchange(log, plain)
    log.logger.info('after')
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['before', 'request', 'after'])
  })

  test('goes to its file with the other lines, in order, and all of it by the time of its stop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strangler-access-log-'))
    const file = join(folder, 'deep', 'proxy.log')
    const log = createLog({ file })
    const many = 500
    for (let i = 0; i < many; i++) logExchange(log, { ...plain, attempts: i })
    log.logger.info('between')
    logExchange(log, { ...plain, attempts: many })
    await log.stop()
    expect(readLines(file)).toHaveLength(many + 2)
    const said = readLines(file).map((line) => JSON.parse(line))
    expect(said.map(({ msg, attempts }) => (msg === 'request' ? attempts : msg))).toEqual([
      ...Array.from({ length: many }, (_, i) => i),
      'between',
      many,
    ])
    await rm(folder, { recursive: true })
  })
})
