import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followOwner } from '../../strangler/service.ts'
import { startAdmin, TOKENS } from '../admin/start-admin.ts'
import { death, type EventsStand, startEventsStand } from './events-stand.ts'
import { describeOnQueues, type QueueKind } from './losable-queue.ts'

const SLOW_MS = 180_000
let stand: EventsStand

const handlers = (inventory = stand.inventory) => ({
  'order.placed': async (tx: typeof inventory.manager, { payload }: { payload: unknown }) =>
    tx.query('INSERT INTO effect (number) VALUES ($1)', [(payload as { number: number }).number]),
})

/** A stand for each test. */
function useStand(kind: QueueKind): void {
  beforeEach(async () => {
    stand = await startEventsStand(kind)
  })
  afterEach(() => stand.stop())
}

describeOnQueues('an event', (kind) => {
  useStand(kind)

  it('is told when its transaction commits, and never when it does not', async () => {
    stand.telling.relay.start()
    stand.taking.consumer(handlers()).start()
    await stand.place(5)
    const undone = stand.orders.transaction(async (tx) => {
      await stand.telling.emit(tx, 'order.placed', { number: 99 })
      throw new Error('changed its mind')
    })
    await expect(undone).rejects.toThrow('changed its mind')
    await stand.settled()
    expect(await stand.wrong()).toEqual([])
    expect(await stand.effects()).toBe(5)
  })

  it('cannot be told outside of a transaction, or to nobody', async () => {
    const { telling, orders } = stand
    await expect(telling.emit(orders.manager, 'order.placed', {})).rejects.toThrow('outside of a transaction')
    const unknown = orders.transaction((tx) => telling.emit(tx, 'order.lost', {}))
    await expect(unknown).rejects.toThrow('does not say whom')
  })

  it(
    'takes effect exactly once wherever its relay and its consumer are killed',
    async () => {
      const hurrying = setInterval(() => void stand.hurry().catch(() => undefined), 1_000)
      const live = async (role: 'relay' | 'consumer', points: readonly string[]) => {
        for (const point of points) {
          const child = await stand.run(role, point)
          await stand.place(10)
          await death(child)
        }
        await stand.run(role)
      }
      await Promise.all([
        live('relay', [
          'relay-before-send',
          'relay-after-send',
          'relay-before-handling',
          'relay-after-handling',
        ]),
        live('consumer', [
          'consumer-before-commit',
          'consumer-before-send',
          'consumer-after-send',
          'consumer-after-handling',
        ]),
      ])
      await stand.settled()
      clearInterval(hurrying)
      expect(stand.placed()).toBe(80)
      expect(await stand.wrong()).toEqual([])
    },
    SLOW_MS,
  )

  it(
    'would take effect twice without the inbox, were its consumer killed before the receipt',
    async () => {
      stand.telling.relay.start()
      await stand.place(10)
      await death(await stand.run('consumer', 'consumer-before-send', { NO_INBOX: '1' }))
      await stand.run('consumer', '-', { NO_INBOX: '1' })
      await stand.settled()
      expect(await stand.wrong()).not.toEqual([])
    },
    SLOW_MS,
  )

  it(
    'outlives a queue that loses everything',
    async () => {
      const consumer = stand.taking.consumer(handlers())
      const { relay } = stand.telling
      relay.start()
      await stand.place(30)
      await vi.waitFor(async () => expect(await stand.inQueue()).toBeGreaterThanOrEqual(30), {
        timeout: 30_000,
      })
      await relay.stop()
      await stand.loseQueue()
      expect(await stand.inQueue()).toBe(0)
      relay.start()
      consumer.start()
      // And while it is worked on.
      for (let round = 0; round < 3; round += 1) {
        await stand.place(10)
        await stand.loseQueue()
      }
      await stand.hurry()
      await stand.settled()
      expect(await stand.wrong()).toEqual([])
    },
    SLOW_MS,
  )

  it(
    'whose handler fails comes again, and holds no other up',
    async () => {
      let failures = 0
      const good = handlers()['order.placed']
      const consumer = stand.taking.consumer({
        'order.placed': async (tx, event) => {
          const { payload } = event as { payload: { number: number } }
          if (payload.number === 3 && ++failures < 3) throw new Error('not today')
          await good(tx, event)
        },
      })
      stand.telling.relay.start()
      consumer.start()
      await stand.place(8)
      await vi.waitFor(async () => expect(await stand.effects()).toBe(7), { timeout: 20_000 })
      await stand.settled()
      expect(failures).toBe(3)
      expect(await stand.wrong()).toEqual([])
    },
    SLOW_MS,
  )
})

describe('a consumer that follows the owner', () => {
  useStand('postgres')

  it(
    'takes events only while its side owns; each takes effect exactly once however often the owner changes',
    async () => {
      const worker = 'worker-token-for-tests'
      const admin = await startAdmin({ tokens: { ...TOKENS, worker } })
      const own = (mode: 'monolith' | 'service') =>
        admin.command('/api/routes/set', {
          endpoint: 'POST /api/inventory/:sku/reservations',
          mode,
          unsafe: true,
        })
      const consumer = stand.taking.consumer(handlers())
      const { whileOwner } = followOwner({ side: 'service', url: admin.url, token: worker, name: 'events' })
      const work = whileOwner('inventory', consumer.start, consumer.stop)
      stand.telling.relay.start()
      let isOver = false
      const placing = (async () => {
        while (!isOver) await stand.place(1).then(() => new Promise((resolve) => setTimeout(resolve, 20)))
      })()
      for (let round = 0; round < 3; round++) {
        await own('service')
        const before = await stand.effects()
        await vi.waitFor(async () => expect(await stand.effects()).toBeGreaterThan(before), {
          timeout: 30_000,
        })
        await own('monolith')
        await vi.waitFor(() => expect(work.isRunning()).toBe(false), { timeout: 10_000 })
        const stopped = await stand.effects()
        await stand.place(5)
        await new Promise((resolve) => setTimeout(resolve, 500))
        expect(await stand.effects()).toBe(stopped)
      }
      isOver = true
      await placing
      await own('service')
      await stand.settled()
      expect(await stand.wrong()).toEqual([])
      await work.stop()
      await admin.stop()
    },
    SLOW_MS,
  )
})
