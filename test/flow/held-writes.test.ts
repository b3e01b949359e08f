import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { createParentWrites } from '../../strangler/proxy/parent-write.ts'
import { valueFor } from '../conformance/tools/http-message.ts'
import { problemOf, type RawClient } from '../conformance/tools/raw-client.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { type ProxyStand, SECRET, type StandOptions, setRoute, startStand } from './proxy-stand.ts'

const READ = 'GET /items/:id'
const WRITE = 'POST /items'

type HoldEvent = 'hold.fenced' | 'hold.released' | 'hold.aborted'
const started = (forMs = 60_000): JournalEvent => ({
  kind: 'hold.started',
  capability: 'inventory',
  holdId: 'h',
  expiresAt: Date.now() + forMs,
})
const change = (kind: HoldEvent): JournalEvent => ({ kind, capability: 'inventory', holdId: 'h' })

async function startHeld(options: StandOptions = {}): Promise<ProxyStand> {
  const stand = await startStand({ ...options, config: { proxy: { debugHeaders: true }, ...options.config } })
  stand.decide(started())
  return stand
}

async function write(stand: ProxyStand, headers: string[] = []): Promise<RawClient> {
  const client = await stand.connect()
  client.send('POST /items HTTP/1.1', ['Content-Length: 5', ...headers], 'stock')
  return client
}

const waiting = (stand: ProxyStand) => stand.proxy.holds.waiting().get('inventory') ?? 0
const untilWaiting = (stand: ProxyStand, count: number) =>
  waitUntil(() => waiting(stand) === count, `${count} writes wait`)

describe('a write while its capability is held', () => {
  it('waits, whole with its body, and goes by the table that releases it', async () => {
    const stand = await startHeld()
    const client = await write(stand)
    await untilWaiting(stand, 1)
    expect(stand.monolith.exchanges).toHaveLength(0)
    stand.decide(setRoute(WRITE, 'service'), change('hold.released'))
    const answer = await client.readAnswer()
    expect([answer.status, answer.text]).toEqual([200, 'service'])
    expect(valueFor(answer.headers, 'x-strangler-reason')).toBe('HELD')
    expect(valueFor(answer.headers, 'x-strangler-table-version')).toBe('3')
    expect((await stand.service.only.body()).bytes.toString()).toBe('stock')
    expect(stand.monolith.exchanges).toHaveLength(0)
    await stand.recorded(1)
    expect(stand.records[0]?.heldMs).toBeGreaterThan(0)
  })

  it('goes to the old owner when the hold is aborted', async () => {
    const stand = await startHeld()
    const client = await write(stand)
    await untilWaiting(stand, 1)
    stand.decide(change('hold.fenced'), change('hold.aborted'))
    expect((await client.readAnswer()).text).toBe('monolith')
  })

  it('does not wait when it only reads, by its method or by its endpoint', async () => {
    const search = { endpoint: 'POST /search', effect: 'read' } as const
    const stand = await startHeld({ capability: { endpoints: [READ, WRITE, search] } })
    const client = await stand.connect()
    expect((await client.exchange('GET /items/1 HTTP/1.1')).status).toBe(200)
    expect((await client.exchange('POST /search HTTP/1.1', ['Content-Length: 0'])).status).toBe(200)
  })

  it('does not wait when no capability names it', async () => {
    const stand = await startHeld()
    expect(
      (await (await stand.connect()).exchange('POST /users HTTP/1.1', ['Content-Length: 0'])).status,
    ).toBe(200)
  })

  it('is refused with Retry-After after its time, and never sent', async () => {
    const stand = await startHeld({ config: { hold: { maxWaitMs: 50 } } })
    stand.decide(change('hold.fenced'))
    const client = await write(stand)
    const answer = await client.readAnswer()
    expect(problemOf(answer)['code']).toBe('STRANGLER_HOLD_TIMEOUT')
    expect([answer.status, valueFor(answer.headers, 'retry-after')]).toEqual([503, '1'])
    stand.decide(change('hold.released'))
    expect((await (await write(stand)).readAnswer()).status).toBe(200)
    expect(stand.monolith.exchanges).toHaveLength(1)
  })

  it('is refused at once when too many wait', async () => {
    const stand = await startHeld({ config: { hold: { maxWaiting: 2 } } })
    const clients = [await write(stand), await write(stand)]
    await untilWaiting(stand, 2)
    const answer = await (await write(stand)).readAnswer()
    expect(problemOf(answer)['code']).toBe('STRANGLER_HOLD_FULL')
    expect(valueFor(answer.headers, 'retry-after')).toBe('1')
    stand.decide(change('hold.released'))
    for (const client of clients) expect((await client.readAnswer()).status).toBe(200)
  })

  it('is dropped unsent when its client leaves', async () => {
    const stand = await startHeld()
    const client = await write(stand)
    await untilWaiting(stand, 1)
    client.reset()
    await untilWaiting(stand, 0)
    stand.decide(change('hold.released'))
    await stand.recorded(1)
    expect(stand.records[0]).toMatchObject({ status: 499, code: 'CLIENT_GONE', attempts: 0 })
    expect(stand.monolith.exchanges).toHaveLength(0)
  })

  it('is dropped unsent when its client leaves, also behind another on the same connection', async () => {
    const stand = await startHeld()
    const client = await stand.connect()
    const request = 'POST /items HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n'
    client.write(request + request)
    await untilWaiting(stand, 1)
    client.reset()
    await stand.recorded(1)
    stand.decide(change('hold.released'))
    // The second one waited for the first one's answer, and was never begun.
    expect(stand.records.map(({ code }) => code)).toEqual(['CLIENT_GONE'])
    expect(stand.monolith.exchanges).toHaveLength(0)
  })
})

describe('the acknowledgement', () => {
  it('comes when the last write in flight has its answer, held ones do not count', async () => {
    const stand = await startStand({ monolith: () => undefined })
    const arrived = stand.monolith.next()
    const client = await write(stand)
    const exchange = await arrived
    stand.decide(started())
    await write(stand)
    await untilWaiting(stand, 1)
    expect(stand.proxy.holds.acknowledged()).toEqual([])
    exchange.answer('200 OK', [], 'done')
    await client.readAnswer()
    await stand.recorded(1)
    await waitUntil(() => stand.acknowledged.length > 0, 'the hold is acknowledged')
    expect(stand.acknowledged).toEqual([['h']])
  })

  it('does not wait for a write whose client has left and whose side was told', async () => {
    const stand = await startStand({ monolith: () => undefined })
    const arrived = stand.monolith.next()
    const client = await write(stand)
    const exchange = await arrived
    stand.decide(started())
    client.reset()
    await exchange.closed()
    await waitUntil(() => stand.acknowledged.length > 0, 'the hold is acknowledged')
  })
})

describe('a call that a write in flight makes', () => {
  const MARK = 'x-strangler-parent-write'
  const marks = () => createParentWrites(SECRET, Date.now)

  /** A write in flight at the monolith, and the mark that it was given. */
  async function startParent() {
    const stand = await startStand({ monolith: () => undefined })
    const arrived = stand.monolith.next()
    const client = await write(stand)
    const exchange = await arrived
    const mark = valueFor(exchange.head.headers, MARK)
    stand.monolith.script = (next) => next.answer('200 OK', [], 'called')
    return { stand, client, exchange, mark: `${MARK}: ${mark}` }
  }

  it('passes the hold that waits for its parent', async () => {
    const { stand, client, exchange, mark } = await startParent()
    stand.decide(started())
    const call = await (await write(stand, [mark])).readAnswer()
    expect(call.text).toBe('called')
    expect(stand.acknowledged).toEqual([])
    exchange.answer('200 OK', [], 'placed')
    expect((await client.readAnswer()).text).toBe('placed')
    await waitUntil(() => stand.acknowledged.length > 0, 'the hold is acknowledged')
  })

  it('is held once the hold is fenced: no parent is in flight then', async () => {
    const { stand, mark } = await startParent()
    stand.decide(started(), change('hold.fenced'))
    await write(stand, [mark])
    await untilWaiting(stand, 1)
  })

  it.each<[string, () => string | undefined]>([
    ['without a mark', () => undefined],
    [
      'with a mark of its own making',
      () => createParentWrites(Buffer.alloc(32, 8), Date.now).sign('inventory'),
    ],
    ['with the mark of another capability', () => marks().sign('orders')],
    [
      'with a mark that has expired',
      () => createParentWrites(SECRET, () => Date.now() - 60_000).sign('inventory'),
    ],
    ['with a mark whose time was changed', () => marks().sign('inventory').replace(/^\d/, '9')],
    ['with half a mark', () => marks().sign('inventory').slice(0, -10)],
    ['with nonsense', () => 'true'],
  ])('is held %s', async (_, mark) => {
    const stand = await startHeld()
    const value = mark()
    await write(stand, value === undefined ? [] : [`${MARK}: ${value}`])
    await untilWaiting(stand, 1)
    expect(stand.monolith.exchanges).toHaveLength(0)
  })

  it('goes on with a mark of the kit, whatever the client says', async () => {
    const stand = await startStand()
    await (await write(stand, [`${MARK}: forged`])).readAnswer()
    const mark = valueFor(stand.monolith.only.head.headers, MARK)
    expect(marks().isValid(mark, 'inventory')).toBe(true)
    expect(marks().isValid(mark, 'orders')).toBe(false)
  })

  it('that only reads gets no mark, and none is passed on', async () => {
    const stand = await startStand()
    await (await stand.connect()).exchange('GET /items/1 HTTP/1.1', [`${MARK}: ${marks().sign('inventory')}`])
    expect(valueFor(stand.monolith.only.head.headers, MARK)).toBeUndefined()
  })
})
