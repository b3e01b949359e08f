import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())

const viewer = { token: TOKENS.viewer }
const hold = (change: string, body: object = {}) =>
  admin.command(`/api/holds/${change}`, { capability: 'orders', ...body })
const holds = async () => (await admin.call('GET', '/api/holds', viewer)).body.holds

describe('a hold', () => {
  it('is started, fenced and released, each journalled under one id', async () => {
    const started = await hold('start', { forMs: 1_000 })
    const { holdId } = started.body.entry.event
    expect(await holds()).toMatchObject([
      {
        id: holdId,
        capability: 'orders',
        phase: 'holding',
        isExpired: false,
        acknowledgedBy: [],
        waitingFor: [],
      },
    ])
    await hold('fence')
    expect(await holds()).toMatchObject([{ id: holdId, phase: 'fenced' }])
    expect((await hold('fence')).body.changed).toBe(false)
    expect((await hold('release')).body.entry.event).toEqual({
      kind: 'hold.released',
      capability: 'orders',
      holdId,
    })
    expect(await holds()).toEqual([])
  })

  it('says which proxies have acknowledged it', async () => {
    const first = await admin.control.registrations.register({ host: 'a', pid: 1 })
    const second = await admin.control.registrations.register({ host: 'a', pid: 2 })
    const { holdId } = (await hold('start')).body.entry.event
    await admin.control.registrations.report(first.id, { tableVersion: 1, holdsAcknowledged: [holdId] })
    expect(await holds()).toMatchObject([{ acknowledgedBy: [first.id], waitingFor: [second.id] }])
    await hold('abort')
  })

  it('cannot be started twice', async () => {
    await hold('start')
    const again = await hold('start')
    expect(again).toMatchObject({ status: 409, body: { code: 'STRANGLER_HOLD_CONFLICT' } })
    expect(again.body.fix).toContain('abort')
    await hold('abort')
  })

  it('that has expired cannot be fenced: its writes have gone to the old owner', async () => {
    await hold('start', { forMs: 100 })
    admin.turnClock(101)
    expect(await holds()).toMatchObject([{ isExpired: true }])
    const late = await hold('fence')
    expect(late).toMatchObject({ status: 409, body: { code: 'STRANGLER_HOLD_CONFLICT' } })
    expect(late.body.detail).toContain('expired')
    await hold('abort')
  })

  it.each(['fence', 'release', 'abort'])('that does not exist cannot be changed: %s', async (change) => {
    expect(await hold(change)).toMatchObject({ status: 409, body: { code: 'STRANGLER_HOLD_CONFLICT' } })
  })

  it('of an unknown capability is refused with the nearest name', async () => {
    const answer = await hold('start', { capability: 'order' })
    expect(answer).toMatchObject({ status: 404, body: { code: 'STRANGLER_UNKNOWN_CAPABILITY' } })
    expect(answer.body.fix).toContain('"orders"')
    // Names of Object's own must not be taken for capabilities.
    expect((await hold('start', { capability: 'constructor' })).status).toBe(404)
  })
})

describe('the hold of a cut-over', () => {
  const [capability, cutoverId] = ['orders', 'cutover-1']
  const append = async (event: JournalEvent) => {
    await admin.control.journal.append({ event, by: 'kit', expectedVersion: await admin.version() })
  }
  const begin = async () => {
    await append({ kind: 'sync.started', capability, epoch: (await admin.version()) + 1 })
    await append({
      kind: 'cutover.started',
      ...{ capability, cutoverId, to: 'service', expiresAt: Date.now() + 60_000 },
    })
  }
  const expectRefused = async (doing: string) => {
    const version = await admin.version()
    for (const change of ['start', 'fence', 'release', 'abort']) {
      const answer = await hold(change)
      expect(answer, change).toMatchObject({ status: 409, body: { code: 'STRANGLER_HOLD_CONFLICT' } })
      expect(answer.body.detail, change).toContain(`a cut-over that ${doing}`)
      expect(answer.body.fix).toContain('strangler migrate orders status')
    }
    expect(await admin.version()).toBe(version)
    expect(await holds()).toMatchObject([{ id: cutoverId }])
  }

  it('is ended by the kit alone, while it is under way and while it is undone', async () => {
    await begin()
    await expectRefused('is under way')
    await append({ kind: 'cutover.aborted', capability, cutoverId })
    await expectRefused('is being undone')
    await append({ kind: 'hold.aborted', capability, holdId: cutoverId })
    expect(await holds()).toEqual([])
    await hold('start')
    expect((await hold('abort')).status).toBe(200)
  })

  it('is ended by the kit alone while the new owner is opened', async () => {
    await begin()
    const epoch = (await admin.version()) + 1
    await append({ kind: 'owner.changed', capability, owner: 'service', epoch, cutoverId })
    await expectRefused('is decided')
    await append({ kind: 'hold.released', capability, holdId: cutoverId })
    expect(await holds()).toEqual([])
  })
})

describe('a proxy', () => {
  it('is listed with its table version, and evicted with a reason', async () => {
    const { id } = await admin.control.registrations.register({ host: 'b', pid: 3 })
    const listed = (await admin.call('GET', '/api/proxies', viewer)).body
    expect(listed.version).toBe(await admin.version())
    expect(listed.proxies).toContainEqual(expect.objectContaining({ id, host: 'b', pid: 3, tableVersion: 0 }))
    const evicted = await admin.command('/api/proxies/evict', { id, because: 'the machine is gone' })
    expect(evicted.body.entry).toMatchObject({
      because: 'the machine is gone',
      event: { kind: 'proxy.evicted', registration: id },
    })
    expect(await admin.control.registrations.report(id, { tableVersion: 1, holdsAcknowledged: [] })).toBe(
      false,
    )
  })

  it('is not evicted without a reason, or when it is unknown', async () => {
    expect((await admin.command('/api/proxies/evict', { id: 'x' })).body.code).toBe(
      'STRANGLER_INVALID_COMMAND',
    )
    const unknown = await admin.command('/api/proxies/evict', { id: 'x', because: 'y' })
    expect(unknown.body.code).toBe('STRANGLER_UNKNOWN_PROXY')
  })
})
