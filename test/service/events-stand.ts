import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DataSource } from 'typeorm'
import { vi } from 'vitest'
import { deliveriesOf } from '../../strangler/service/events/create-events.ts'
import { createEvents, type Events } from '../../strangler/service.ts'
import { openBackend } from '../../strangler/sync/transport/queue-backend.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { LOSABLE_QUEUES, type QueueKind } from './losable-queue.ts'

const PROGRAM = join(import.meta.dirname, 'programs/event-node.ts')

/** Two services with a database each, and a queue between them. */
export interface EventsStand {
  readonly orders: DataSource
  readonly inventory: DataSource
  /** The telling side, in this process. */
  readonly telling: Events
  readonly taking: Events
  /** Places an order, whose number is the next; told together with it. */
  place(count: number): Promise<void>
  placed(): number
  /** How often each order has taken effect, where that is not once. */
  wrong(): Promise<unknown[]>
  effects(): Promise<number>
  settled(): Promise<void>
  /** A relay or consumer as a process; with a point it kills itself there. */
  run(role: 'relay' | 'consumer', point?: string, env?: Record<string, string>): Promise<ChildProcess>
  /** What is due again later is due now: tests need not wait for it. */
  hurry(): Promise<void>
  /** Events that wait there for the inventory. */
  inQueue(): Promise<number>
  /** Everything that BullMQ keeps is gone, as after FLUSHALL. */
  loseQueue(): Promise<void>
  stop(): Promise<void>
}

export async function startEventsStand(kind: QueueKind): Promise<EventsStand> {
  const databases = await Promise.all(['events_orders', 'events_inventory'].map(createTestDatabase))
  const [ordersUrl = '', inventoryUrl = ''] = databases.map(({ url }) => url)
  const open = (url: string) => new DataSource({ type: 'postgres', url, poolSize: 8 }).initialize()
  const [orders, inventory] = [await open(ordersUrl), await open(inventoryUrl)]
  const losable = await LOSABLE_QUEUES[kind]()
  const { server: queue } = losable
  await orders.query('CREATE TABLE placed (number integer PRIMARY KEY)')
  await inventory.query(
    'CREATE TABLE effect (number integer NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())',
  )
  const telling = await createEvents({
    dataSource: orders,
    name: 'orders',
    queue,
    subscribers: { 'order.placed': ['inventory'] },
  })
  const taking = await createEvents({ dataSource: inventory, name: 'inventory', queue })
  const looking = openBackend(queue).openSender(deliveriesOf('inventory'))
  looking.on('error', () => undefined)
  const children = new Set<ChildProcess>()
  let placed = 0

  return {
    ...{ orders, inventory, telling, taking },
    async place(count) {
      for (let i = 0; i < count; i++) {
        const number = ++placed
        await orders.transaction(async (tx) => {
          await tx.query('INSERT INTO placed VALUES ($1)', [number])
          await telling.emit(tx, 'order.placed', { number })
        })
      }
    },
    placed: () => placed,
    wrong: () => findWrong(inventory, placed),
    effects: async () => (await inventory.query('SELECT count(*)::int AS n FROM effect'))[0].n,
    settled: () =>
      vi.waitFor(
        async () => {
          const { deliveries } = await telling.waiting()
          if (deliveries > 0) throw new Error(`${deliveries} deliveries wait`)
        },
        { timeout: 90_000, interval: 100 },
      ),
    async run(role, point = '-', env = {}) {
      const url = role === 'relay' ? ordersUrl : inventoryUrl
      const child = spawn(process.execPath, [PROGRAM, role, url, JSON.stringify(queue), point], {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, ...env },
      })
      children.add(child)
      await once(child.stdout!, 'data')
      return child
    },
    async hurry() {
      await orders.query('UPDATE event_outbox SET due_at = clock_timestamp()')
    },
    async inQueue() {
      const counts = await looking.getJobCounts('waiting')
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    loseQueue: losable.lose,
    async stop() {
      for (const child of children) await endNow(child)
      await Promise.all([telling.stop(), taking.stop(), looking.close()])
      await Promise.all([orders.destroy(), inventory.destroy()])
      await Promise.all([losable.stop(), ...databases.map((database) => database.drop())])
    },
  }
}

async function findWrong(inventory: DataSource, placed: number): Promise<unknown[]> {
  const rows: { number: number; times: number }[] = await inventory.query(
    'SELECT number, count(*)::int AS times FROM effect GROUP BY number',
  )
  const times = new Map(rows.map((row) => [row.number, row.times]))
  const numbers = Array.from({ length: placed }, (_, index) => index + 1)
  return numbers.flatMap((number) => {
    const found = times.get(number) ?? 0
    return found === 1 ? [] : [{ number, times: found }]
  })
}

async function endNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Resolves when the process has killed itself. */
export async function death(child: ChildProcess): Promise<void> {
  if (child.signalCode === null) await once(child, 'exit')
}
