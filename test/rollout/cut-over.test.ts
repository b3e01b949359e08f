import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { proxyOf, type RolloutStandOptions, readyDatabases, startRolloutStand } from './rollout-stand.ts'
import { MOST_WIDENING, startYardstick } from './yardstick.ts'

const MOVED = ['cutover.started', 'hold.fenced', 'owner.changed', 'hold.released']
const UNDONE = ['cutover.aborted', 'hold.aborted']

const stands: ReturnType<typeof startRolloutStand>[] = []
afterAll(async () => {
  for (const { coordinator } of stands) await coordinator.stop()
})

function start(options: RolloutStandOptions = {}) {
  const stand = startRolloutStand(options)
  stands.push(stand)
  return stand
}

describe.concurrent('before a write is held', () => {
  it('every proxy is asked for the writes in flight, and a quick answer is enough', async () => {
    const stand = start({ registrations: (state) => [proxyOf(state)] })
    await stand.cutOver()
    expect(stand.lines()).toEqual(['cutover.announced', ...MOVED])
  })

  it('a proxy that answers slowly is asked again', async () => {
    const askedAt = new Map<string, number>()
    const stand = start({
      registrations(state) {
        const id = state.announced?.['items']
        if (id === undefined) return [proxyOf(state)]
        const first = askedAt.get(id) ?? performance.now()
        askedAt.set(id, first)
        const isSlow = askedAt.size === 1 && performance.now() - first < 400
        return [proxyOf(state, isSlow ? { holdsAcknowledged: [] } : {})]
      },
    })
    await stand.cutOver()
    expect(stand.lines()).toEqual(['cutover.announced', 'cutover.announced', ...MOVED])
  })

  it('whoever has not even heard of it is named, and nothing is held', async () => {
    const stand = start({
      registrations: (state) => [
        proxyOf(state, { id: 'proxy-deaf', tableVersion: 1, holdsAcknowledged: [] }),
      ],
    })
    await expect(stand.cutOver()).rejects.toMatchObject({
      code: 'STRANGLER_CUTOVER_REFUSED',
      message: expect.stringContaining('proxy-deaf'),
    })
    expect(stand.lines()).not.toContain('cutover.started')
  })

  it('writes that do not end are no reason to hold none: a hold lets them end sooner', async () => {
    const stand = start({
      registrations: (state) => [
        proxyOf(state, state.announced?.['items'] === undefined ? {} : { holdsAcknowledged: [] }),
      ],
    })
    const before = Date.now()
    await stand.cutOver()
    expect(stand.lines().slice(-4)).toEqual(MOVED)
    // Three rounds of a second, their pauses, and a hold that is no short one.
    expect(stand.expiries()[0]! - before).toBeGreaterThan(6_250)
  })
})

describe.concurrent('a hold that would become too long', () => {
  /** The guards of the source are waited for, as behind a transaction, the first so many times. */
  function slowDatabases(times: number) {
    let attempts = 0
    return readyDatabases({
      async closeSource(_token, deadline) {
        attempts += 1
        if (attempts > times) return
        await delay(deadline - Date.now() + 5)
        throw new Error('A table could not be locked')
      },
    })
  }

  it('is undone within a second, and another follows by itself', async () => {
    const stand = start({ databases: slowDatabases(1) })
    const yardstick = startYardstick()
    const { undoneMs, heldMs } = await stand.cutOver()
    const slowness = Math.min(MOST_WIDENING, yardstick.stop())
    const attempt = ['cutover.announced', 'cutover.started', 'hold.fenced']
    expect(stand.lines()).toEqual([...attempt, ...UNDONE, 'cutover.announced', ...MOVED])
    expect(undoneMs).toHaveLength(1)
    expect(undoneMs[0]).toBeGreaterThan(600)
    expect(undoneMs[0]).toBeLessThan(1_000 * slowness)
    expect(heldMs).toBeLessThan(600 * slowness)
  })

  it('may in the end take what the configuration allows, and says then why it has failed', async () => {
    const stand = start({ databases: slowDatabases(99), holdMs: 1_200 })
    await expect(stand.cutOver()).rejects.toMatchObject({
      code: 'STRANGLER_CUTOVER_UNDONE',
      message: expect.stringContaining('could not be locked'),
    })
    expect(stand.lines().filter((kind) => kind === 'cutover.started')).toHaveLength(4)
    expect(ownerOf(stand.state(), 'items')).toBe('monolith')
  }, 30_000)

  it('is the last one when somebody has decided something meanwhile', async () => {
    const databases = slowDatabases(99)
    const stand = start({
      databases: {
        ...databases,
        async openSource() {
          stand.append({ kind: 'route.cleared', endpoint: 'GET /items' })
        },
      },
    })
    await expect(stand.cutOver()).rejects.toMatchObject({ code: 'STRANGLER_CUTOVER_UNDONE' })
    expect(stand.lines().filter((kind) => kind === 'cutover.started')).toHaveLength(1)
  })

  it('is the last one also when the decision of somebody else came between its fence and the line that would have said so', async () => {
    let isFirst = true
    const stand = start({
      databases: readyDatabases({
        // The last thing before the line of the fence, which then expects an older journal.
        async readLeft() {
          if (!isFirst) return { pending: new Map(), refused: [] }
          isFirst = false
          stand.append({ kind: 'route.cleared', endpoint: 'GET /items' })
          await delay(stand.expiries()[0]! - 1_000 - Date.now() + 5)
          return { pending: new Map(), refused: [] }
        },
      }),
    })
    await expect(stand.cutOver()).rejects.toMatchObject({ code: 'STRANGLER_CUTOVER_UNDONE' })
    expect(stand.lines().slice(1)).toEqual(['cutover.started', 'route.cleared', ...UNDONE])
  })

  it('is the last one when it has failed for another reason than its length', async () => {
    const databases = readyDatabases({ findDifferent: async () => new Map([['item', ['1']]]) })
    const stand = start({ databases })
    await expect(stand.cutOver()).rejects.toMatchObject({ message: expect.stringContaining('item 1') })
    expect(stand.lines().filter((kind) => kind === 'cutover.started')).toHaveLength(1)
  })
})

describe.concurrent('the rows that were changed lately', () => {
  it('are those that were told of, and those that were seen on their way', async () => {
    const compared: unknown[] = []
    let looks = 0
    const databases = readyDatabases({
      async readLeft() {
        looks += 1
        return { pending: new Map(looks === 1 ? [['item', ['seen']]] : []), refused: [] }
      },
      recentKeys: async () => new Map([['item', ['told', 'seen']]]),
      async findDifferent(keys) {
        compared.push(Object.fromEntries(keys))
        return new Map()
      },
    })
    await start({ databases }).cutOver()
    expect(compared).toEqual([{ item: ['seen', 'told'] }])
  })

  it('must be known: while nobody tells them the ownership does not move', async () => {
    const stand = start({ databases: readyDatabases({ recentKeys: async () => undefined }), holdMs: 1_200 })
    await expect(stand.cutOver()).rejects.toMatchObject({
      code: 'STRANGLER_CUTOVER_UNDONE',
      message: expect.stringContaining('no process that runs the sync has told them'),
    })
    expect(ownerOf(stand.state(), 'items')).toBe('monolith')
  }, 20_000)
})

describe.concurrent('the rows that may be left behind', () => {
  const refused = [{ table: 'item', key: '1', error: 'too long' }]
  const ready = async () => ({ pending: new Map(), refused, lagMs: 0, obstacles: [] })

  it('are those that were listed', async () => {
    const databases = readyDatabases({
      readiness: ready,
      readLeft: async () => ({ pending: new Map(), refused }),
      findDifferent: async () => new Map([['item', ['1']]]),
    })
    const stand = start({ databases })
    await stand.cutOver('service', 1)
    expect(ownerOf(stand.state(), 'items')).toBe('service')
  })

  it.each([
    [
      'is refused',
      { readLeft: async () => ({ pending: new Map(), refused: [{ ...refused[0]!, key: '2' }] }) },
    ],
    ['is different', { findDifferent: async () => new Map([['item', ['2']]]) }],
  ])(
    'are no others, although their number is the same: one that %s instead',
    async (_name, changes) => {
      const stand = start({ databases: readyDatabases({ readiness: ready, ...changes }), holdMs: 1_200 })
      await expect(stand.cutOver('service', 1)).rejects.toMatchObject({
        code: 'STRANGLER_CUTOVER_UNDONE',
        message: expect.stringContaining('item 2'),
      })
    },
    20_000,
  )

  it('stay those of the first attempt: a later one leaves no other row behind, although their number is the same', async () => {
    let attempts = 0
    const listed = () => [{ ...refused[0]!, key: attempts === 0 ? '1' : '2' }]
    const databases = readyDatabases({
      readiness: async () => ({ ...(await ready()), refused: listed() }),
      readLeft: async () => ({ pending: new Map(), refused: listed() }),
      async closeSource(_token, deadline) {
        attempts += 1
        if (attempts > 1) return
        await delay(deadline - Date.now() + 5)
        throw new Error('A table could not be locked')
      },
    })
    const stand = start({ databases, holdMs: 1_200 })
    await expect(stand.cutOver('service', 1)).rejects.toMatchObject({
      code: 'STRANGLER_CUTOVER_UNDONE',
      message: expect.stringContaining('item 2'),
    })
    expect(stand.lines().filter((kind) => kind === 'cutover.started').length).toBeGreaterThan(1)
    expect(ownerOf(stand.state(), 'items')).toBe('monolith')
  }, 30_000)
})

describe.concurrent('a worker that is silent', () => {
  const AHEAD_MS = 120_000
  const ahead = () => Date.now() + AHEAD_MS
  const working = (databaseClock: () => Promise<number>) =>
    start({
      ...{ clock: ahead, databaseClock, holdMs: 1_200 },
      registrations: (state) => [
        // Heard of just now by either clock.
        proxyOf(state, { seenAt: new Date(ahead()).toISOString() }),
        proxyOf(state, {
          ...{ id: 'worker-1', kind: 'worker', capability: 'items', leaseMs: 60_000 },
          holdsAcknowledged: [],
        }),
      ],
    })

  it('is waited for until its lease is over by the clock that dates it, not by one that is two minutes ahead', async () => {
    const stand = working(async () => Date.now())
    await expect(stand.cutOver()).rejects.toMatchObject({ message: expect.stringContaining('worker-1') })
    expect(ownerOf(stand.state(), 'items')).toBe('monolith')
  }, 20_000)

  it('would be passed over by a coordinator that goes by its own clock', async () => {
    const stand = working(async () => ahead())
    await stand.cutOver()
    expect(ownerOf(stand.state(), 'items')).toBe('service')
  })
})

it('a rehearsal touches no guard while a cut-over decides whose they are', async () => {
  const measured: number[] = []
  const databases = readyDatabases({
    measureFence: async (token) => {
      measured.push(token)
      return 1
    },
  })
  const stand = startRolloutStand({ databases })
  await stand.coordinator.rehearse({ capability: 'items', to: 'service' })
  expect(measured).toHaveLength(1)
  stand.append({ kind: 'cutover.started', capability: 'items', cutoverId: 'c', to: 'service', expiresAt: 1 })
  await stand.coordinator.rehearse({ capability: 'items', to: 'service' })
  expect(measured).toHaveLength(1)
  await stand.coordinator.stop()
})
