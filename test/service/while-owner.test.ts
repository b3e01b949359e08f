import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { followOwner, type Worker } from '../../strangler/service.ts'
import { type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'

const WORKER_TOKEN = 'worker-token-for-tests'
const WRITE = 'POST /api/inventory/:sku/reservations'
const SOON = { timeout: 10_000, interval: 20 }

let admin: RunningAdmin
const workers: Worker[] = []
const failures: string[] = []

beforeAll(async () => {
  admin = await startAdmin({ tokens: { ...TOKENS, worker: WORKER_TOKEN } })
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  const { holds } = await holdsNow()
  for (const { capability } of holds) await admin.command('/api/holds/abort', { capability })
  await own('monolith')
})
afterAll(() => admin.stop())

const holdsNow = async () => (await admin.call('GET', '/api/holds', { token: TOKENS.viewer })).body
const registered = async () =>
  (await admin.control.registrations.list()).filter(({ kind }) => kind === 'worker')
const own = (side: 'monolith' | 'service') =>
  admin.command('/api/routes/set', { endpoint: WRITE, mode: side, unsafe: true })

interface Probe {
  readonly worker: Worker
  readonly calls: string[]
}

function work(
  side: 'monolith' | 'service',
  over: { stop?: () => unknown; start?: () => unknown; leaseMs?: number; url?: string; name?: string } = {},
): Probe {
  const calls: string[] = []
  const { whileOwner } = followOwner({
    side,
    url: over.url ?? admin.url,
    token: WORKER_TOKEN,
    name: over.name ?? 'test',
    leaseMs: over.leaseMs ?? 20_000,
    report: (operation, error) => failures.push(`${operation}: ${error}`),
  })
  const worker = whileOwner(
    'inventory',
    () => {
      calls.push('start')
      return over.start?.()
    },
    () => {
      calls.push('stop')
      return over.stop?.()
    },
  )
  workers.push(worker)
  return { worker, calls }
}

describe('work of a capability', () => {
  it('runs on the side that owns, and goes with the owner, there and back', async () => {
    const there = work('service')
    const here = work('monolith')
    await vi.waitFor(() => expect(here.worker.isRunning()).toBe(true), SOON)
    expect(there.worker.isRunning()).toBe(false)
    const moved = performance.now()
    await own('service')
    await vi.waitFor(() => expect(there.worker.isRunning()).toBe(true), SOON)
    // By a notification, not by the next question of its own.
    expect(performance.now() - moved).toBeLessThan(2_000)
    await vi.waitFor(() => expect(here.calls).toEqual(['start', 'stop']), SOON)
    await own('monolith')
    await vi.waitFor(() => expect(here.calls).toEqual(['start', 'stop', 'start']), SOON)
    await vi.waitFor(() => expect(there.calls).toEqual(['start', 'stop']), SOON)
  })

  it('pauses in a hold, which waits until it has ended, and goes on when the hold is over', async () => {
    const ending = Promise.withResolvers<void>()
    const { worker, calls } = work('monolith', { stop: () => ending.promise })
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    const [{ id } = { id: '' }] = await registered()
    await admin.command('/api/holds/start', { capability: 'inventory', forMs: 60_000 })
    await vi.waitFor(() => expect(calls).toEqual(['start', 'stop']), SOON)
    expect((await holdsNow()).holds).toMatchObject([{ waitingFor: [id], acknowledgedBy: [] }])
    ending.resolve()
    await vi.waitFor(
      async () => expect((await holdsNow()).holds).toMatchObject([{ waitingFor: [], acknowledgedBy: [id] }]),
      SOON,
    )
    await admin.command('/api/holds/abort', { capability: 'inventory' })
    await vi.waitFor(() => expect(calls).toEqual(['start', 'stop', 'start']), SOON)
  })

  it('is not waited for by the hold of another capability', async () => {
    const { worker } = work('monolith')
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    await admin.command('/api/holds/start', { capability: 'orders', forMs: 60_000 })
    expect((await holdsNow()).holds).toMatchObject([{ waitingFor: [], acknowledgedBy: [] }])
    expect(worker.isRunning()).toBe(true)
  })

  it('does not begin in an open hold, and acknowledges it', async () => {
    await admin.command('/api/holds/start', { capability: 'inventory', forMs: 60_000 })
    const { calls } = work('monolith')
    await vi.waitFor(async () => expect((await holdsNow()).holds[0]?.acknowledgedBy).toHaveLength(1), SOON)
    expect(calls).toEqual([])
  })

  it('that does not stop is never acknowledged, and asked to stop again', async () => {
    let mayStop = false
    const stop = () => {
      if (!mayStop) throw new Error('still busy')
    }
    const { worker, calls } = work('monolith', { stop })
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    await admin.command('/api/holds/start', { capability: 'inventory', forMs: 60_000 })
    await vi.waitFor(() => expect(calls.filter((call) => call === 'stop').length).toBeGreaterThan(1), SOON)
    expect((await holdsNow()).holds[0]?.acknowledgedBy).toEqual([])
    mayStop = true
    await vi.waitFor(async () => expect((await holdsNow()).holds[0]?.acknowledgedBy).toHaveLength(1), SOON)
    expect(failures.some((failure) => failure.includes('still busy'))).toBe(true)
  })

  it('that fails to begin is stopped and begun again', async () => {
    let tries = 0
    const start = () => {
      tries += 1
      if (tries === 1) throw new Error('not yet')
    }
    const { worker, calls } = work('monolith', { start })
    await vi.waitFor(() => expect(calls).toEqual(['start', 'stop', 'start']), SOON)
    expect(worker.isRunning()).toBe(true)
  })

  it('stops for good with its worker, whose registration then goes', async () => {
    const { worker, calls } = work('monolith')
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    expect(await registered()).toMatchObject([{ kind: 'worker', capability: 'inventory', leaseMs: 20_000 }])
    await worker.stop()
    await worker.stop()
    expect(calls).toEqual(['start', 'stop'])
    expect(await registered()).toEqual([])
  })
})

describe('a worker that the kit does not hear of', () => {
  it('goes on for its lease, stops then, and begins again when the kit is back', async () => {
    const gate = await openGate(admin.url)
    const { worker, calls } = work('monolith', { url: gate.url, leaseMs: 2_000 })
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    gate.close()
    const closedAt = performance.now()
    await vi.waitFor(() => expect(calls).toEqual(['start', 'stop']), SOON)
    const lasted = performance.now() - closedAt
    // The lease counts from the question before: at most half a second of waiting, and a slow machine, are in between.
    expect(lasted).toBeGreaterThan(500)
    expect(lasted).toBeLessThan(4_000)
    // Nobody else may begin meanwhile: the registration stands, and an eviction is refused until the lease is over.
    const [{ id } = { id: '' }] = await registered()
    const evict = () => admin.command('/api/proxies/evict', { id, because: 'the machine is gone' })
    expect(await evict()).toMatchObject({ status: 409, body: { code: 'STRANGLER_WORKER_ALIVE' } })
    await gate.open()
    await vi.waitFor(() => expect(calls).toEqual(['start', 'stop', 'start']), SOON)
    await worker.stop()
    await gate.end()
  })

  it('can be evicted when its lease is over, and is waited for again when it comes back', async () => {
    const gate = await openGate(admin.url)
    const { worker } = work('monolith', { url: gate.url, leaseMs: 1_000 })
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    gate.close()
    await vi.waitFor(() => expect(worker.isRunning()).toBe(false), SOON)
    const [{ id } = { id: '' }] = await registered()
    admin.turnDatabaseClock(120_000)
    const evicted = await admin.command('/api/proxies/evict', { id, because: 'the machine is gone' })
    expect(evicted.status).toBe(200)
    admin.turnDatabaseClock(-120_000)
    expect(await registered()).toEqual([])
    await gate.open()
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    expect(await registered()).toMatchObject([{ id }])
    await worker.stop()
    await gate.end()
  })

  it('keeps its name to itself: another process of that name would acknowledge for it', async () => {
    const { worker } = work('monolith')
    await vi.waitFor(() => expect(worker.isRunning()).toBe(true), SOON)
    const [{ id } = { id: '' }] = await registered()
    const other = { host: 'elsewhere', pid: 1, leaseMs: 20_000, acknowledged: [] }
    const tell = (path: string) => admin.call('PUT', path, { token: WORKER_TOKEN, body: other })
    expect(await tell(`/owner/inventory/workers/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'STRANGLER_WORKER_ALIVE' },
    })
    expect((await tell(`/owner/orders/workers/${id}`)).body.code).toBe('STRANGLER_INVALID_COMMAND')
  })
})

interface Gate {
  readonly url: string
  close(): void
  open(): Promise<void>
  end(): Promise<void>
}

/** A way to the kit that can be shut. */
async function openGate(to: string): Promise<Gate> {
  const sockets = new Set<Socket>()
  const target = new URL(to)
  let isOpen = true
  const server = createServer((socket) => {
    if (!isOpen) return void socket.destroy()
    const out = connect(Number(target.port), target.hostname)
    for (const end of [socket, out]) {
      sockets.add(end)
      end.on('error', () => undefined).on('close', () => sockets.delete(end))
    }
    socket.pipe(out).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      isOpen = false
      for (const socket of sockets) socket.destroy()
    },
    async open() {
      isOpen = true
    },
    async end() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
