import { DataSource } from 'typeorm'
import { afterEach, expect, it, vi } from 'vitest'
import { createEvents } from '../../strangler/service.ts'
import { createTestDatabase } from '../support/postgres.ts'

const SLOW_MS = 120_000
const WAIT = { timeout: 60_000, interval: 50 }
const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release()
}, SLOW_MS)

async function openService(): Promise<DataSource> {
  const database = await createTestDatabase('event_environment')
  const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize()
  releases.push(database.drop, () => dataSource.destroy())
  return dataSource
}

/** One that tells in production, and the one that listens in each environment: all on one queue server. */
async function openEnvironments(nameOf: (environment: string) => { installation?: string }) {
  const queued = await createTestDatabase('event_server')
  releases.push(queued.drop)
  const queue = { kind: 'postgres', url: queued.url } as const
  const heard: string[] = []
  const listen = async (environment: string) => {
    const dataSource = await openService()
    const events = await createEvents({ dataSource, name: 'inventory', queue, ...nameOf(environment) })
    const consumer = events.consumer({ 'order.placed': async () => heard.push(environment) })
    releases.push(events.stop)
    return consumer
  }
  const orders = await openService()
  const telling = await createEvents({
    ...{ dataSource: orders, name: 'orders', queue, ...nameOf('production') },
    subscribers: { 'order.placed': ['inventory'] },
  })
  releases.push(telling.stop)
  const place = () => orders.transaction((tx) => telling.emit(tx, 'order.placed', { number: 1 }))
  const fewestSends = async () =>
    Number((await orders.query('SELECT min(sends) AS sends FROM event_outbox'))[0].sends)
  return {
    ...{ heard, telling, place, fewestSends },
    production: await listen('production'),
    staging: await listen('staging'),
  }
}

it(
  'an event is heard in its own environment only, though another has services of the same names on the same server',
  async () => {
    const { heard, telling, place, fewestSends, production, staging } = await openEnvironments(
      (installation) => ({
        installation,
      }),
    )
    staging.start()
    telling.relay.start()
    for (let number = 0; number < 5; number += 1) await place()
    // Sent again and again, with nobody in production to hear it: whoever could take it has had the time.
    await vi.waitFor(async () => expect(await fewestSends()).toBeGreaterThan(1), WAIT)
    expect(heard).toEqual([])
    production.start()
    await vi.waitFor(async () => expect((await telling.waiting()).deliveries).toBe(0), WAIT)
    expect(heard).toEqual(Array(5).fill('production'))
  },
  SLOW_MS,
)

it(
  'without the name of an environment it is taken by whoever is there',
  async () => {
    const { heard, telling, place, staging } = await openEnvironments(() => ({}))
    staging.start()
    telling.relay.start()
    await place()
    await vi.waitFor(() => expect(heard).toEqual(['staging']), WAIT)
  },
  SLOW_MS,
)
