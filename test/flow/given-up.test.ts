import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTrafficBook } from '../../strangler/telemetry/traffic-book.ts'
import type { UpstreamScript } from '../conformance/tools/raw-upstream.ts'
import { type ProxyStand, setRoute, startStand } from './proxy-stand.ts'

const CLIENTS = 6
const hang: UpstreamScript = () => new Promise(() => undefined)

/** Clients with a deadline of their own that is far shorter than the proxy's. */
async function ask(
  stand: ProxyStand,
  { patienceMs, upload = false }: { patienceMs: number; upload?: boolean },
) {
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = await stand.connect()
      if (upload) client.send('POST /items HTTP/1.1', ['Content-Length: 100000'])
      else client.send('GET /items/1 HTTP/1.1')
      await delay(patienceMs)
      client.close()
    }),
  )
  await stand.recorded(CLIENTS)
  const book = createTrafficBook()
  for (const record of stand.records) book.record(record)
  return { codes: new Set(stand.records.map(({ code }) => code)), counted: book.take() }
}

async function startHanging(endpoint = 'GET /items/:id'): Promise<ProxyStand> {
  const stand = await startStand({ service: hang })
  stand.decide(setRoute(endpoint, 'service'))
  return stand
}

test('a service that hangs until its clients give up fails, for the breaker and for the guide', async () => {
  const stand = await startHanging()
  const { codes, counted } = await ask(stand, { patienceMs: 3_500 })
  expect(codes).toEqual(new Set(['CLIENT_GAVE_UP']))
  expect(stand.breakerStates).toContain('open')
  expect(counted!.counts).toMatchObject([{ target: 'service', requests: CLIENTS, failures: CLIENTS }])
})

test('a client that clicks away says nothing of it', async () => {
  const stand = await startHanging()
  const { codes, counted } = await ask(stand, { patienceMs: 300 })
  expect(codes).toEqual(new Set(['CLIENT_GONE']))
  expect(stand.breakerStates).toEqual([])
  expect(counted).toBeUndefined()
})

test('nor does one that goes in the middle of its own upload, however long that took', async () => {
  const stand = await startHanging('POST /items')
  const { codes, counted } = await ask(stand, { patienceMs: 3_500, upload: true })
  expect(codes).toEqual(new Set(['CLIENT_GONE']))
  expect(counted).toBeUndefined()
})
