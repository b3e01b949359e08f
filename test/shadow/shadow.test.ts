import { expect, test } from 'vitest'
import { json, serve } from './serve.ts'
import { MARKS, startShadowStand, verdictsOf } from './shadow-stand.ts'

const get = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

test('a request is asked of both sides, the client has the monolith’s answer, and the two are compared', async () => {
  const monolith = await serve(json({ sku: 'A', stock: 3 }))
  const service = await serve(json({ sku: 'A', stock: 4 }))
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url })

  const answer = await get(`${stand.url}/items/A?full=1`, { headers: { authorization: 'Bearer abc' } })
  const found = await stand.take()

  expect(JSON.parse(answer.text)).toEqual({ sku: 'A', stock: 3 })
  expect(verdictsOf(found)).toEqual({ mismatch: 1 })
  expect(found.differences).toMatchObject([
    { endpoint: 'GET /items/:id', path: '$.stock', kind: 'value', differing: 1, calibrated: 1, noisy: 0 },
  ])
  expect(found.shapes).toMatchObject([{ shape: '?full → 200', seen: 1, compared: 1, matched: 0 }])
  const [asked] = service.requests
  const [first] = monolith.requests
  expect(asked?.url).toBe('/items/A?full=1')
  expect(asked?.headers.authorization).toBe('Bearer abc')
  expect(asked?.headers.host).toBe(first?.headers.host)
  expect(asked?.headers['x-correlation-id']).toBe(first?.headers['x-correlation-id'])
  expect(MARKS.isValid(String(asked?.headers['x-strangler-shadow']))).toBe(true)
  expect(first?.headers['x-strangler-shadow']).toBeUndefined()
  expect(stand.failures).toEqual([])
})

test('in a canary the side that did not answer is shadowed, whichever it is', async () => {
  const monolith = await serve(json({ from: 'monolith' }))
  const service = await serve(json({ from: 'service' }))
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url, random: () => 1 },
    capability: {
      endpoints: [{ endpoint: 'GET /items/:id', mode: 'canary=50' }],
      unit: { header: 'x-user' },
    },
  })
  const primaries = new Set<string>()
  for (let user = 0; user < 20; user++) {
    const { text } = await get(`${stand.url}/items/A`, { headers: { 'x-user': String(user) } })
    primaries.add(JSON.parse(text).from)
  }
  const found = await stand.take()
  expect([...primaries].sort()).toEqual(['monolith', 'service'])
  expect(verdictsOf(found)).toEqual({ mismatch: 20 })
  const shadowed = (side: typeof monolith) =>
    side.requests.filter(({ headers }) => headers['x-strangler-shadow'] !== undefined).length
  // Both as the shadow of the other, and the monolith once more for each that differs.
  expect(service.requests).toHaveLength(20)
  expect(monolith.requests).toHaveLength(40)
  expect(shadowed(service)).toBeGreaterThan(3)
  expect(shadowed(service)).toBeLessThan(17)
})

test('a request that carries the kit’s mark is not shadowed again and keeps it; anybody else’s mark is taken off', async () => {
  const monolith = await serve(json({}))
  const service = await serve(json({}))
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url })
  const mark = MARKS.sign('one')
  await get(`${stand.url}/items/A`, { headers: { 'x-strangler-shadow': mark } })
  expect(verdictsOf(await stand.take())).toEqual({})
  expect(service.requests).toHaveLength(0)
  expect(monolith.requests[0]?.headers['x-strangler-shadow']).toBe(mark)

  await get(`${stand.url}/items/A`, { headers: { 'x-strangler-shadow': `${mark}x` } })
  expect(verdictsOf(await stand.take())).toMatchObject({ match: 1 })
  expect(monolith.requests[1]?.headers['x-strangler-shadow']).toBeUndefined()
})

test('a write is not shadowed, unless its endpoint says that the service can run it dry', async () => {
  const monolith = await serve(json({ ok: true }, 201))
  const dryRun = { busy: false, ready: true }
  const service = await serve((req, res) => {
    const outcome = req.method === 'HEAD' ? 'ready' : dryRun.busy ? 'busy' : 'rolled-back'
    if (dryRun.ready) res.setHeader('x-strangler-dry-run', outcome)
    json({ ok: true }, 201)(req, res)
  })
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url },
    capability: {
      endpoints: [
        { endpoint: 'POST /items', mode: 'shadow' },
        { endpoint: 'POST /dry', mode: 'shadow', shadowWrites: 'dry-run' },
      ],
    },
  })
  const body = JSON.stringify({ sku: 'x'.repeat(200_000) })
  const send = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
  await get(`${stand.url}/items`, send)
  expect(verdictsOf(await stand.take())).toEqual({})
  await get(`${stand.url}/dry`, send)
  expect(verdictsOf(await stand.take())).toEqual({ match: 1 })
  expect(service.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /', 'POST /dry'])
  expect(service.requests[1]?.body).toBe(body)
  // The monolith has carried it out once, and is not asked again to see whether it is noisy.
  expect(monolith.requests).toHaveLength(2)

  dryRun.busy = true
  await get(`${stand.url}/dry`, send)
  expect(verdictsOf(await stand.take())).toEqual({ 'skipped:busy': 1 })
  // A build without the helper: it is asked first, and gets no write.
  dryRun.ready = false
  service.requests.length = 0
  await get(`${stand.url}/dry`, send)
  expect(verdictsOf(await stand.take())).toEqual({ 'skipped:no-dry-run': 1 })
  expect(service.requests.map(({ method }) => method)).toEqual(['HEAD'])
})

test('an endpoint that is not shadowed costs the service nothing', async () => {
  const monolith = await serve(json({}))
  const service = await serve(json({}))
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url })
  stand.decide({ kind: 'route.set', endpoint: 'GET /items/:id', setting: { mode: 'monolith' } })
  await get(`${stand.url}/items/A`)
  stand.decide({ kind: 'route.set', endpoint: 'GET /items/:id', setting: { mode: 'shadow' } })
  await get(`${stand.url}/items/A`)
  expect(verdictsOf(await stand.take())).toMatchObject({ match: 1 })
  expect(service.requests).toHaveLength(1)
  expect(stand.shadow.heldBytes).toBe(0)
})

test('an exchange is accepted when somebody answers for all that differs, and not when a bound has cut some of it off', async () => {
  const letter = (n: number) => String.fromCharCode(97 + (n % 26))
  const members = (count: number, value: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [letter(n) + letter(n / 26), value]))
  const side = (value: number) =>
    serve((req, res) => json(members(req.url === '/items/few' ? 5 : 130, value))(req, res))
  const [monolith, service] = [await side(1), await side(2)]
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url })
  const expiresAt = new Date(Date.now() + 60_000).toISOString()
  const place = { endpoint: 'GET /items/:id', path: '$.*', difference: 'value' } as const
  stand.decide({ kind: 'difference.accepted', ...place, owner: 'ann', expiresAt })
  await get(`${stand.url}/items/few`)
  expect(verdictsOf(await stand.take())).toEqual({ accepted: 1 })
  await get(`${stand.url}/items/many`)
  expect(verdictsOf(await stand.take())).toEqual({ mismatch: 1 })
})

test('an exchange that the comparison itself fails at is reported, and counted as not compared', async () => {
  const monolith = await serve(json({ stock: 3 }))
  const service = await serve(json({ stock: 4 }))
  const isKept = () => {
    throw new Error('the comparison is broken')
  }
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url },
    copies: { isKept, catchUp: async () => undefined },
  })
  expect(JSON.parse((await get(`${stand.url}/items/A`)).text)).toEqual({ stock: 3 })
  expect(verdictsOf(await stand.take())).toEqual({ 'skipped:compare-failed': 1 })
  expect(stand.failures).toMatchObject([{ operation: 'compare an exchange' }])
  expect(stand.shadow.heldBytes).toBe(0)
})
