import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'bullmq'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { BatchResult, ChangeBatch } from '../../strangler/core/sync-words.ts'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { launchServerProcess, type ServerProcess } from '../../strangler/infra/server-process.ts'
import { createTransport, type QueueServer, type Transport } from '../../strangler/sync/transport.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../support/postgres.ts'

vi.setConfig({ testTimeout: 60_000 })
const redis = await requireProgram('redis')
let directory = ''
let port = 0
let server: ServerProcess | undefined
let database: TestDatabase | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-transport-'))
  database = await createTestDatabase('queue')
  port = await findFreePort()
  if (redis !== undefined) await startRedis(redis.path)
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})

async function startRedis(program: string): Promise<void> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  server = await launchServerProcess({
    command: program,
    args: options,
    env: { PATH: process.env['PATH'] },
    logFile: join(directory, 'redis.log'),
    stopSignals: [{ signal: 'SIGKILL', waitMs: 5_000 }],
  })
  await until(async () => (await askRedis('PING')).includes('PONG'))
}

/** Redis's own inline form. Empty when nobody answers. */
function askRedis(command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(''))
    socket.on('data', (chunk) => {
      socket.destroy()
      resolve(String(chunk))
    })
    socket.on('connect', () => socket.write(`${command}\r\n`))
  })
}

/** Whether a text stands anywhere in the queue of this test. */
async function holds(kind: QueueServer['kind'], text: string): Promise<boolean> {
  if (kind === 'redis') {
    const jobs = (await askRedis('KEYS *')).match(new RegExp(`\\S+shop${count}-\\S+:\\d+(?=\\r)`, 'g')) ?? []
    const found = await Promise.all(jobs.map((job) => askRedis(`HGETALL ${job}`)))
    return found.some((job) => job.includes(text))
  }
  const pool = openPool(database!.url, 1)
  const { rows } =
    await pool.query(`SELECT string_agg(query_to_xml(format('SELECT * FROM strangler_queue.%I', relname), true, false, '')::text, '') AS everything
    FROM pg_class WHERE relnamespace = 'strangler_queue'::regnamespace AND relkind = 'r'`)
  await pool.end()
  return rows[0].everything.includes(text)
}

async function until(holds: () => Promise<boolean> | boolean, withinMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error('It did not become so in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const batch = (version: number): ChangeBatch => ({
  capability: 'shop',
  installation: 'test',
  direction: 'forward',
  epoch: 1,
  entries: [{ table: 'stock', key: '["1"]', version: String(version), row: ['1', null, 'ü 🎈'] }],
})
const result: BatchResult = {
  capability: 'shop',
  direction: 'forward',
  epoch: 1,
  done: [{ table: 'stock', key: '["1"]', version: '9007199254740993' }],
  quarantined: [],
}

let count = 0
beforeEach(() => {
  count += 1
})
function open(kind: QueueServer['kind'], reports: unknown[] = [], installation = 'test'): Transport {
  const server: QueueServer =
    kind === 'redis'
      ? { kind, url: `redis://127.0.0.1:${port}` }
      : { kind, url: database!.url, schema: 'strangler_queue' }
  return createTransport({
    capability: `shop${count}`,
    installation,
    direction: 'forward',
    server,
    report: (operation, error) => reports.push([operation, error]),
  })
}

const kinds: QueueServer['kind'][] = redis === undefined ? ['postgres'] : ['redis', 'postgres']
describe.each(kinds)('the transport on %s', (kind) => {
  test('carries jobs and results as they were, in their lanes', async () => {
    const transport = open(kind)
    const got: Record<string, unknown[]> = { apply: [], backfill: [], results: [] }
    transport.receiveBatches('apply', async (job) => void got['apply']!.push(job))
    transport.receiveBatches('backfill', async (job) => void got['backfill']!.push(job))
    transport.receiveResults(async (job) => void got['results']!.push(job))
    await transport.sendBatches('apply', [batch(1), batch(2)])
    await transport.sendBatches('backfill', [{ ...batch(0), chunk: 'c' }])
    await transport.sendResults([result])
    await until(() => Object.values(got).flat().length === 4)
    expect(got['apply']).toHaveLength(2)
    expect(got['apply']).toEqual(expect.arrayContaining([batch(1), batch(2)]))
    expect(got).toMatchObject({ backfill: [{ ...batch(0), chunk: 'c' }], results: [result] })
    await until(async () => (await transport.depth()).apply === 0)
    await transport.stop()
    await transport.stop()
  })

  test('a job whose handler fails is reported and gone, and the next one comes', async () => {
    const reports: unknown[] = []
    const transport = open(kind, reports)
    const seen: string[] = []
    transport.receiveBatches('apply', async ({ entries }) => {
      seen.push(entries[0]!.version)
      if (entries[0]!.version === '1') throw new Error('no')
    })
    await transport.sendBatches('apply', [batch(1)])
    await until(() => reports.length > 0)
    await transport.sendBatches('apply', [batch(2)])
    await until(() => seen.includes('2'))
    expect(seen).toEqual(['1', '2'])
    expect(reports).toMatchObject([['sync.apply', { message: 'no' }]])
    await transport.stop()
  })

  test('a job that failed leaves none of its rows with the queue', async () => {
    const reports: unknown[] = []
    const transport = open(kind, reports)
    await transport.sendBatches('apply', [batch(710_071)])
    expect(await holds(kind, '710071')).toBe(true)
    transport.receiveBatches('apply', async () => {
      throw new Error('no')
    })
    await until(() => reports.length > 0)
    await until(async () => !(await holds(kind, '710071')))
    await transport.stop()
  })

  test('two installations on one server do not see each other’s jobs, whatever else is the same', async () => {
    const [ours, theirs] = [open(kind, [], 'ours'), open(kind, [], 'theirs')]
    const seen: Record<string, string[]> = { ours: [], theirs: [] }
    ours.receiveBatches('apply', async (job) => void seen['ours']!.push(job.installation))
    theirs.receiveBatches('apply', async (job) => void seen['theirs']!.push(job.installation))
    for (let version = 1; version <= 10; version += 1) {
      await ours.sendBatches('apply', [{ ...batch(version), installation: 'ours' }])
      await theirs.sendBatches('apply', [{ ...batch(version), installation: 'theirs' }])
    }
    await until(() => Object.values(seen).flat().length === 20)
    expect(seen).toEqual({ ours: Array(10).fill('ours'), theirs: Array(10).fill('theirs') })
    await Promise.all([ours.stop(), theirs.stop()])
  })

  test('counts what waits, and receives nothing while paused', async () => {
    const transport = open(kind)
    await transport.pause()
    const seen: ChangeBatch[] = []
    transport.receiveBatches('apply', async (job) => void seen.push(job))
    await transport.sendBatches('apply', [batch(1), batch(2), batch(3)])
    expect(await transport.depth()).toEqual({ apply: 3, backfill: 0, results: 0 })
    expect(seen).toEqual([])
    await transport.resume()
    await until(() => seen.length === 3)
    await transport.stop()
  })
})

describe.skipIf(redis === undefined)('the transport when Redis forgets or goes', () => {
  test('notices a flush once, and goes on with its settings', async () => {
    const transport = open('redis')
    const seen: ChangeBatch[] = []
    transport.receiveBatches('apply', async (job) => void seen.push(job))
    expect(await transport.checkGeneration()).toBe('same')
    await transport.sendBatches('apply', [batch(1)])
    await until(() => seen.length === 1)
    await askRedis('FLUSHALL')
    expect(await transport.checkGeneration()).toBe('lost')
    expect(await transport.checkGeneration()).toBe('same')
    await transport.sendBatches('apply', [batch(2)])
    await until(() => seen.length === 2)
    const events = await askRedis(
      `HGET bull:strangler-test-shop${count}-forward-apply:meta opts.maxLenEvents`,
    )
    expect(events).toContain('100')
    await transport.stop()
  })

  test('a job that a flush took from under its handler is no error for the operator', async () => {
    const reports: unknown[] = []
    const transport = open('redis', reports)
    const seen: string[] = []
    transport.receiveBatches('apply', async ({ entries }) => {
      await askRedis('FLUSHALL')
      seen.push(entries[0]!.version)
    })
    for (const version of [1, 2, 3]) {
      await transport.sendBatches('apply', [batch(version)])
      await until(() => seen.includes(String(version)))
    }
    // BullMQ's own worker tells of it: otherwise there would be nothing to keep quiet about.
    const told: string[] = []
    const work = async () => void (await askRedis('FLUSHALL'))
    const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
    const bare = new Worker(`strangler-test-shop${count}-forward-backfill`, work, { connection })
    bare.on('error', (error) => told.push(error.message))
    await transport.sendBatches('backfill', [batch(0)])
    await until(() => told.some((message) => message.includes('Missing key for job')))
    await bare.close()
    await transport.stop()
    expect(reports).toEqual([])
  })

  test('a Redis that is away fails a send soon, and is used again when it is back', async () => {
    const reports: unknown[] = []
    const transport = open('redis', reports)
    const seen: ChangeBatch[] = []
    transport.receiveBatches('apply', async (job) => void seen.push(job))
    await transport.sendBatches('apply', [batch(1)])
    await until(() => seen.length === 1)
    await server!.stop()
    const began = Date.now()
    await expect(transport.sendBatches('apply', [batch(2)])).rejects.toThrow()
    await expect(transport.checkGeneration()).rejects.toThrow()
    expect(Date.now() - began).toBeLessThan(12_000)
    await startRedis(redis!.path)
    await until(() =>
      transport.sendBatches('apply', [batch(3)]).then(
        () => true,
        () => false,
      ),
    )
    await until(() => seen.some(({ entries }) => entries[0]!.version === '3'))
    expect(reports.length).toBeGreaterThan(0)
    await transport.stop()
  }, 40_000)

  test('warns of a Redis that evicts', async () => {
    const transport = open('redis')
    expect(await transport.findWarnings()).toEqual([])
    await askRedis('CONFIG SET maxmemory-policy allkeys-lru')
    expect(await transport.findWarnings()).toEqual([expect.stringContaining('allkeys-lru')])
    await askRedis('CONFIG SET maxmemory-policy noeviction')
    await transport.stop()
  })
})
