import { setTimeout as delay } from 'node:timers/promises'
import { DataSource } from 'typeorm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createEventsOn } from '../../strangler/service/events/create-events.ts'
import { createEventQueue } from '../../strangler/service/events/event-queue.ts'
import { createEventTables } from '../../strangler/service/events/event-tables.ts'
import { createEvents, type EventHandler, type Events, followOwner } from '../../strangler/service.ts'
import { type CutoverStand, fillCopy, startCutoverStand } from '../rollout/cutover-stand.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { LOSABLE_QUEUES, type LosableQueue } from './losable-queue.ts'

const SLOW_MS = 180_000
const SOON = { timeout: 60_000, interval: 100 }
/** What the guards say. */
const REFUSED = 'is rejected, because the other side owns the table now'
const redis = await requireProgram('redis')

let stand: CutoverStand
let queue: LosableQueue
let database: TestDatabase
let orders: DataSource
let inventory: DataSource
let telling: Events
let taking: Events
let placed = 0
const failures: string[] = []
const report = (operation: string, error: unknown) => void failures.push(`${operation}: ${error}`)
const releases: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  vi.stubEnv('STRANGLER_WORKER_TOKEN', 'worker-token-for-the-cutover')
  stand = await startCutoverStand(1)
  await fillCopy(stand)
  // Redis where it is there, as in production; the events share it with nobody.
  queue = await LOSABLE_QUEUES[redis === undefined ? 'postgres' : 'redis']()
  database = await createTestDatabase('cutover_orders')
  const open = (url: string) => new DataSource({ type: 'postgres', url, poolSize: 8 }).initialize()
  orders = await open(database.url)
  inventory = await open(stand.urls.service)
  // Of the service alone, so that no sync makes two of one.
  await inventory.query('CREATE TABLE effect (number integer NOT NULL)')
  const { server } = queue
  const subscribers = { 'order.placed': ['items'] }
  telling = await createEvents({ dataSource: orders, name: 'orders', queue: server, subscribers, report })
  taking = await createEvents({ dataSource: inventory, name: 'items', queue: server, report })
  telling.relay.start()
}, SLOW_MS)
afterAll(async () => {
  for (const release of releases) await release()
  await Promise.all([telling?.stop(), taking?.stop()])
  await Promise.all([orders?.destroy(), inventory?.destroy()])
  await Promise.all([queue?.stop(), database?.drop()])
  await stand?.stop()
}, SLOW_MS)

/** What an order does to the capability's own table, which moves, and a note that stays. */
const takeOrder: EventHandler = async (tx, { payload }) => {
  const { number } = payload as { number: number }
  await tx.query('UPDATE entry SET count = count + 1 WHERE number = $1', [seedOf(number)])
  await tx.query('INSERT INTO effect VALUES ($1)', [number])
}
const seedOf = (number: number) => `seed-${(number % 50) + 1}`

async function place(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    placed += 1
    const payload = { number: placed }
    await orders.transaction((tx) => telling.emit(tx, 'order.placed', payload))
  }
}

const effects = async (): Promise<number[]> =>
  (await inventory.query('SELECT number FROM effect ORDER BY number')).map(
    (row: { number: number }) => row.number,
  )
const numbersUpTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
const move = (side: 'monolith' | 'service') =>
  vi.waitFor(() => stand.moveTo(side), { timeout: 60_000, interval: 500 })
/** Whatever is due again later is due now. */
const hurry = () => orders.query('UPDATE event_outbox SET due_at = clock_timestamp()')
const drained = () =>
  vi.waitFor(async () => expect((await telling.waiting()).deliveries).toBe(0), { ...SOON })

/** Each order once: noted by the service, and in the counts of both databases. */
async function expectEachOnce(): Promise<void> {
  expect(await effects()).toEqual(numbersUpTo(placed))
  const rows = await stand.settle()
  const counts = Object.fromEntries(rows.map(({ number, hits }) => [number, hits]))
  const wanted: Record<string, number> = Object.fromEntries(rows.map(({ number }) => [number, 0]))
  for (const number of numbersUpTo(placed)) wanted[seedOf(number)]! += 1
  expect(counts).toEqual(wanted)
}

/** Everything placed so far has been put into the queue at least once. */
const sent = () => {
  const last = placed
  const unsent = `SELECT number FROM (SELECT (payload->>'number')::int AS number, sends FROM event_outbox) o WHERE sends = 0 AND number <= ${last}`
  return vi.waitFor(async () => expect(await orders.query(unsent)).toEqual([]), SOON)
}

/** What the service does while it owns nobody hears of: the receipts are lost with the queue when the ownership moves back, so all of it is told again. */
async function moveThereAndBack(): Promise<void> {
  const before = await effects()
  await place(5)
  await sent()
  expect(await effects()).toEqual(before)
  await telling.relay.stop()
  await move('service')
  await vi.waitFor(
    async () => expect((await effects()).length).toBeGreaterThanOrEqual(before.length + 5),
    SOON,
  )
  const back = move('monolith')
  await queue.lose()
  await back
  await queue.lose()
  telling.relay.start()
  await hurry()
}

function follow({ consumer }: Pick<Events, 'consumer'>) {
  const { whileOwner } = followOwner({ side: 'service', url: stand.kit.adminUrl ?? '', name: 'events' })
  const { start, stop } = consumer({ 'order.placed': takeOrder })
  const work = whileOwner('items', start, stop)
  releases.push(work.stop)
  return work
}

/** The broken twin: it does not remember what has taken effect. */
function openForgetful(): Events {
  const tables = { ...createEventTables(inventory), remember: async () => true }
  const parts = { dataSource: inventory, name: 'items', tables, report }
  const events = createEventsOn({ ...parts, queue: createEventQueue(queue.server, report) })
  releases.push(events.stop)
  return events
}

describe('events for a capability whose ownership really moves', () => {
  it(
    'take effect exactly once, and only while the service owns, though every receipt is lost in the cut-over',
    async () => {
      expect(await stand.owner()).toBe('monolith')
      const work = follow(taking)
      let isOver = false
      const placing = (async () => {
        while (!isOver) {
          await place(1)
          await delay(20)
        }
      })()
      await moveThereAndBack()
      expect(work.isRunning()).toBe(false)
      await moveThereAndBack()
      isOver = true
      await placing
      await move('service')
      await hurry()
      await drained()
      expect(placed).toBeGreaterThan(20)
      await expectEachOnce()
      expect(failures.filter((failure) => failure.includes(REFUSED))).toEqual([])
      await work.stop()
    },
    SLOW_MS,
  )

  it(
    'that are taken by whoever does not follow the owner are refused by the guards, wait, and take effect once after all',
    async () => {
      await move('monolith')
      const consumer = taking.consumer({ 'order.placed': takeOrder })
      const known = failures.length
      const before = await effects()
      consumer.start()
      await place(3)
      await vi.waitFor(() => expect(failures.slice(known).join('\n')).toContain(REFUSED), SOON)
      expect(await effects()).toEqual(before)
      await move('service')
      await hurry()
      await drained()
      await expectEachOnce()
      await consumer.stop()
    },
    SLOW_MS,
  )

  it(
    'would take effect twice without the inbox, by the same cut-overs',
    async () => {
      await move('monolith')
      const work = follow(openForgetful())
      await moveThereAndBack()
      await move('service')
      await hurry()
      await drained()
      const taken = await effects()
      const once = numbersUpTo(placed)
        .slice(-5)
        .filter((number) => taken.indexOf(number) === taken.lastIndexOf(number))
      expect(once).toEqual([])
      await work.stop()
    },
    SLOW_MS,
  )
})
