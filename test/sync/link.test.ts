import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createBackfill } from '../../strangler/sync/backfill.ts'
import { createDatabaseCheckpoints } from '../../strangler/sync/checkpoint-store.ts'
import {
  createSourceEnd,
  createTargetEnd,
  type SourceEnd,
  type TargetEnd,
} from '../../strangler/sync/link.ts'
import { openPair, type Pair, until } from './pipeline/open-pair.ts'
import { createMemoryTransport, type FlushableTransport } from './simulation/memory-transport.ts'

const SOURCE = `
CREATE TABLE stock (id bigint PRIMARY KEY, sku text, above bigint REFERENCES stock);
INSERT INTO stock SELECT n, 'sku ' || n FROM generate_series(1, 3000) n;
UPDATE stock SET above = 3001 - id WHERE id < 100;`
const TARGET = 'CREATE TABLE item (id bigint PRIMARY KEY, name text, above bigint REFERENCES item)'

vi.setConfig({ testTimeout: 60_000 })
/** Of the relay; undefined: the real one. */
let clock: number | undefined
let pair: Pair
let transport: FlushableTransport
let sourceEnd: SourceEnd
let targetEnd: TargetEnd

beforeEach(async () => {
  const mapping = {
    table: 'stock',
    as: 'item',
    map: ({ sku }: Record<string, string | null>) => {
      if (sku === 'poison') throw new Error('no such sku')
      return { name: sku ?? null }
    },
    unmap: ({ name }: Record<string, string | null>) => ({ sku: name ?? null }),
  }
  pair = await openPair({ source: SOURCE, target: TARGET, mappings: [mapping] })
  transport = createMemoryTransport()
  clock = undefined
  sourceEnd = createSourceEnd({ ...basis(), source: pair.source, now: () => clock ?? performance.now() })
  targetEnd = createTargetEnd({ ...basis(), target: pair.target })
})
afterEach(async () => {
  await Promise.all([sourceEnd.stop(), targetEnd.stop()])
  await pair.drop()
})

const basis = () =>
  ({
    capability: 'shop',
    installation: 'test',
    direction: 'forward',
    epoch: 1,
    routes: pair.routes,
    transport,
    report: pair.report,
  }) as const
const nameOf = async (id: number) =>
  (await pair.inTarget(`SELECT name FROM item WHERE id = ${id}`))[0]?.['name']
const countItems = async () => Number((await pair.inTarget('SELECT count(*) AS n FROM item'))[0]?.['n'])
const isQuiet = async () => (await sourceEnd.status()).entries === 0

test('start, pause, resume and stop may be called twice and in any order', async () => {
  await Promise.all([
    sourceEnd.pause(),
    sourceEnd.start(),
    sourceEnd.start(),
    targetEnd.start(),
    targetEnd.start(),
  ])
  await Promise.all([sourceEnd.pause(), sourceEnd.pause()])
  expect((await sourceEnd.status()).state).toBe('paused')
  await pair.inSource("UPDATE stock SET sku = 'while paused' WHERE id = 1000")
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(await nameOf(1000)).toBeUndefined()
  await Promise.all([sourceEnd.resume(), sourceEnd.resume()])
  await until(async () => (await nameOf(1000)) === 'while paused')
  await Promise.all([sourceEnd.stop(), sourceEnd.stop(), targetEnd.stop(), targetEnd.stop()])
  await sourceEnd.start()
  expect((await sourceEnd.status()).state).toBe('stopped')
})

test('a change arrives under its new name and leaves the log; the position says so, and not before', async () => {
  await targetEnd.start()
  const clock = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now'
  await pair.inSource("UPDATE stock SET sku = 'new' WHERE id = 1000")
  const [row] = await pair.inSource(clock)
  const committedBefore = Number(row?.['now']) + 1
  expect(await sourceEnd.appliedThrough(committedBefore)).toBe(false)
  expect(await sourceEnd.status()).toMatchObject({ entries: 1, state: 'new' })
  await sourceEnd.start()
  await until(() => sourceEnd.appliedThrough(committedBefore))
  expect(await nameOf(1000)).toBe('new')
  expect(await sourceEnd.status()).toMatchObject({ entries: 0, lagMs: 0, inFlight: 0, throttled: undefined })
})

test('a key that changes all the time arrives, and the log does not grow', async () => {
  await Promise.all([sourceEnd.start(), targetEnd.start()])
  for (let count = 1; count <= 200; count += 1)
    await pair.inSource(`UPDATE stock SET sku = '${count}' WHERE id = 1000`)
  await until(async () => (await nameOf(1000)) === '200')
  await until(isQuiet)
})

test('what was lost is sent again: at once when the queue is flushed, after two seconds otherwise', async () => {
  clock = 0
  await sourceEnd.start()
  await pair.inSource("UPDATE stock SET sku = 'flushed' WHERE id = 1000")
  await until(async () => (await transport.depth()).apply === 1)
  await transport.flush()
  // No time passes for the relay, so it is not late yet.
  await until(async () => (await transport.depth()).apply === 1)
  // Nobody flushed, but whoever had the job is gone.
  transport.receiveBatches('apply', async () => Promise.reject(new Error('killed')))
  await until(async () => (await transport.depth()).apply === 0)
  await targetEnd.start()
  clock = 1_900
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(await nameOf(1000)).toBeUndefined()
  clock = 2_100
  await until(async () => (await nameOf(1000)) === 'flushed')
})

test('a row that the mapping refuses blocks itself only, and goes when it is mended', async () => {
  await Promise.all([sourceEnd.start(), targetEnd.start()])
  await pair.inSource(
    "UPDATE stock SET sku = CASE id WHEN 1000 THEN 'poison' ELSE 'fine' END WHERE id IN (1000, 1001)",
  )
  await until(async () => (await nameOf(1001)) === 'fine')
  await until(async () => (await sourceEnd.status()).waiting === 1)
  expect(pair.reports).toContainEqual([
    'sync.map',
    expect.objectContaining({ message: expect.stringContaining('["1000"]') }),
  ])
  await pair.inSource("UPDATE stock SET sku = 'mended' WHERE id = 1000")
  await until(async () => (await nameOf(1000)) === 'mended')
})

/** Half of the rows are refused at first, one by one, which takes its time on a busy machine. */
const SLOW_MS = 60_000

test(
  'a backfill brings every row, those that point forward too, and goes on where it was stopped',
  async () => {
    await Promise.all([sourceEnd.start(), targetEnd.start()])
    let chunks = 0
    const options = {
      ...basis(),
      source: pair.source,
      checkpoints: createDatabaseCheckpoints(pair.source),
      // One chunk, then it has to wait.
      throttle: async () => (chunks++ === 0 ? undefined : 'the flag is set'),
    }
    let running = createBackfill(options)
    transport.receiveResults(async (result) => running.settle(result))
    running.start()
    await until(() => running.status().rows > 0, SLOW_MS)
    await until(() => running.status().throttled === 'the flag is set', SLOW_MS)
    await Promise.all([running.stop(), running.stop()])
    expect(await countItems()).toBeLessThan(3_000)

    running = createBackfill({ ...options, throttle: async () => undefined })
    running.start()
    await until(() => running.status().state === 'done', SLOW_MS)
    expect(await countItems()).toBe(3_000)
    expect(running.status()).toMatchObject({ refused: 0, rows: 3_000 })
    await running.stop()
  },
  4 * SLOW_MS,
)

test('a queue that nobody empties does not grow without end', async () => {
  await pair.inSource("UPDATE stock SET sku = 'waits' WHERE id <= 10")
  let depth = 0
  let sends = 0
  const crowded: FlushableTransport = {
    ...transport,
    depth: async () => ({ apply: depth, backfill: 0, results: 0 }),
    async sendBatches(_lane, batches) {
      if (batches.length > 0) sends += 1
    },
  }
  let time = 0
  const relay = createSourceEnd({ ...basis(), transport: crowded, source: pair.source, now: () => time })
  await relay.start()
  await until(() => sends === 1)
  depth = 10_000
  time += 60_000
  await until(async () => (await relay.status()).throttled?.includes('10000 jobs wait in the queue') === true)
  expect(sends).toBe(1)
  // It goes on by itself when somebody takes them.
  depth = 3
  time += 60_000
  await until(() => sends === 2)
  await relay.stop()
})
