import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createLiveHub, type LiveHub, type LiveTopic } from '../../strangler/admin/live/live-hub.ts'

const soon = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 20_000, interval: 20 })

interface Told {
  readonly name: string
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: what a topic says is the test's own
  readonly data: any
}

interface Reader {
  readonly told: Told[]
  readonly isOver: () => boolean
  leave(): void
}

/** A hub behind a real server. A topic says what its function gives. */
async function startHub(topics: Record<string, () => unknown>, expiresAt = Number.POSITIVE_INFINITY) {
  const failures: string[] = []
  const hub: LiveHub = createLiveHub({
    topics: Object.entries(topics).map(
      ([name, read]): LiveTopic => ({ name, everyMs: 20, read: async () => read() }),
    ),
    points: () => [],
    clock: Date.now,
    report: (operation) => void failures.push(operation),
  })
  const app = express()
  let closed = 0
  app.get('/', (req, res) => {
    res.on('close', () => {
      closed += 1
    })
    hub.join(req, res, expiresAt)
  })
  app.use(((error, _req, res, _next) => res.status(error.status).end()) as express.ErrorRequestHandler)
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  onTestFinished(async () => {
    await hub.stop()
    await hub.stop()
    server.closeAllConnections()
    server.close()
  })
  return { hub, failures, url, closed: () => closed, join: (lastId?: string) => read(url, lastId) }
}

async function read(url: string, lastId?: string): Promise<Reader> {
  const request = get(url, { headers: lastId === undefined ? {} : { 'last-event-id': lastId }, agent: false })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(200)
  const told: Told[] = []
  let text = ''
  let isOver = false
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) {
      const fields = new Map(frame.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
      const data = fields.get('data')
      if (data !== undefined)
        told.push({ name: fields.get('event') ?? '', id: fields.get('id') ?? '', data: JSON.parse(data) })
    }
  })
  answer.on('close', () => {
    isOver = true
  })
  answer.on('error', () => undefined)
  return { told, isOver: () => isOver, leave: () => request.destroy() }
}

const changesOf = ({ told }: Reader, topic: string) =>
  told.filter(({ data }) => data.topic === topic).map(({ data }) => data.value.data)

it('tells a snapshot first, and then what has changed, once', async () => {
  let count = 1
  const { join } = await startHub({ count: () => count, still: () => 'same' })
  const first = await join()
  await soon(() => expect(changesOf(first, 'count')).toEqual([1]))
  await soon(() => expect(changesOf(first, 'still')).toEqual(['same']))
  const second = await join()
  await soon(() => expect(second.told.length).toBeGreaterThan(0))
  expect(second.told[0]).toMatchObject({
    name: 'snapshot',
    data: { topics: { count: { ok: true, data: 1 }, still: { ok: true, data: 'same' } } },
  })
  count = 2
  await soon(() => expect([changesOf(first, 'count'), changesOf(second, 'count')]).toEqual([[1, 2], [2]]))
  expect(changesOf(first, 'still')).toEqual(['same'])
})

it('tells one that comes back only what has changed since, and one of another run everything', async () => {
  let count = 1
  const { join } = await startHub({ count: () => count, still: () => 'same' })
  // Somebody else keeps looking.
  const witness = await join()
  await soon(() => expect(witness.told.length).toBeGreaterThan(2))
  const gone = await join()
  await soon(() => expect(gone.told.length).toBeGreaterThan(0))
  gone.leave()
  count = 2
  await soon(() => expect(changesOf(witness, 'count')).toEqual([1, 2]))
  const back = await join(gone.told.at(-1)?.id)
  await soon(() => expect(back.told.some(({ name }) => name === 'points')).toBe(true))
  expect(back.told.filter(({ name }) => name === 'snapshot')).toEqual([])
  expect([changesOf(back, 'count'), changesOf(back, 'still')]).toEqual([[2], []])
  const stranger = await join('0123456789ab-7')
  await soon(() => expect(stranger.told[0]?.name).toBe('snapshot'))
})

it('lets a topic that hangs or fails hold up no other, and says which fails', async () => {
  const { join, failures } = await startHub({
    hangs: () => new Promise(() => undefined),
    fails: () => {
      throw new Error('a secret of the inside')
    },
    works: () => 'well',
  })
  const reader = await join()
  await soon(() => expect(changesOf(reader, 'works')).toEqual(['well']))
  await soon(() => expect(reader.told.find(({ data }) => data.topic === 'fails')).toBeDefined())
  const { value } = reader.told.find(({ data }) => data.topic === 'fails')?.data ?? {}
  expect(value).toMatchObject({ ok: false, problem: { code: 'STRANGLER_INTERNAL' } })
  expect(JSON.stringify(reader.told)).not.toContain('secret')
  expect(failures).toContain('look at fails for the dashboard')
})

it('looks at nothing while nobody watches', async () => {
  let looks = 0
  const { join } = await startHub({ looks: () => ++looks })
  expect(looks).toBe(0)
  const reader = await join()
  await soon(() => expect(looks).toBeGreaterThan(2))
  reader.leave()
  let before = -1
  await soon(async () => {
    before = looks
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(looks).toBe(before)
  })
})

it('takes 64 at most, and another when one has gone', { timeout: 60_000 }, async () => {
  const { url, join } = await startHub({ one: () => 1 })
  const readers = await Promise.all(Array.from({ length: 64 }, () => join()))
  expect((await fetch(url)).status).toBe(503)
  readers[0]?.leave()
  await vi.waitFor(async () => void (await join()), { timeout: 10_000 })
})

it('lets go who does not read, instead of keeping all that he has not read', {
  timeout: 60_000,
}, async () => {
  const { url, closed } = await startHub({ big: () => `${Math.random()} ${'x'.repeat(1_000_000)}` })
  const request = get(url, { agent: false })
  request.on('error', () => undefined)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.on('error', () => undefined).pause()
  await vi.waitFor(() => expect(closed()).toBe(1), { timeout: 30_000 })
  request.destroy()
})

it('lets go whose session is over', { timeout: 60_000 }, async () => {
  const { join } = await startHub({ one: () => 1 }, Date.now())
  const reader = await join()
  await vi.waitFor(() => expect(reader.isOver()).toBe(true), { timeout: 30_000 })
})
