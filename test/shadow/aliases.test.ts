import { expect, test } from 'vitest'
import { json, serve } from './serve.ts'
import { startShadowStand, verdictsOf } from './shadow-stand.ts'

const RULES = {
  lists: [{ path: '$.items', keyedBy: 'name' }],
  aliases: [
    { path: '$.items[].id', of: 'order', learn: true },
    { path: '$.id', of: 'order' },
    { path: 'param:id', of: 'order' },
  ],
}
const LIST = 'GET /orders'
const ONE = 'GET /orders/:id'

/** The same orders under ids of its own: the list, and one by its id. Another's id is found nowhere. */
const side = (idOf: (name: string) => number) =>
  serve((req, res) => {
    const items = ['first', 'second'].map((name) => ({ id: idOf(name), name }))
    const asked = req.url?.split('/')[2]
    if (asked === undefined) return json({ items })(req, res)
    const found = items.find(({ id }) => String(id) === asked)
    json(found ?? { error: 'no such order' }, found === undefined ? 404 : 200)(req, res)
  })
const monolithIds = (name: string) => (name === 'first' ? 1 : 2)
/** Of the monolith's numbers one is somebody else's here. */
const serviceIds = (name: string) => (name === 'first' ? 2 : 3)

const start = async (compare: object, mode = 'shadow') => {
  const [monolith, service] = [await side(monolithIds), await side(serviceIds)]
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url, random: () => 1 },
    capability: {
      endpoints: [LIST, ONE].map((endpoint) => ({ endpoint, mode: mode as 'shadow' })),
      unit: { header: 'x-user' },
      compare,
    },
  })
  const get = async (path: string, user = '1') => {
    const response = await fetch(stand.url + path, { headers: { 'x-user': user } })
    return (await response.json()) as { name?: string; items?: { id: number }[] }
  }
  return { stand, monolith, service, get }
}

test('a later request asks the service by its own id; one of which nobody knows it is skipped, and counted', async () => {
  const { stand, service, get } = await start(RULES)
  await get('/orders/2')
  expect(verdictsOf(await stand.take())).toEqual({ 'skipped:alias': 1 })
  expect(service.requests).toHaveLength(0)
  await get('/orders')
  expect(verdictsOf(await stand.take())).toEqual({ match: 1 })
  expect((await get('/orders/2')).name).toBe('second')
  expect(verdictsOf(await stand.take())).toEqual({ match: 1 })
  expect(service.requests.map(({ url }) => url)).toEqual(['/orders', '/orders/3'])
})

test('without the place in the request the service is asked for somebody else’s order, and differs', async () => {
  const { stand, get } = await start({
    ...RULES,
    aliases: RULES.aliases.filter(({ path }) => path !== 'param:id'),
  })
  await get('/orders')
  await stand.take()
  await get('/orders/2')
  expect(verdictsOf(await stand.take())).toEqual({ mismatch: 1 })
})

test('where the service answers, the monolith is asked by its own id, as often as it is asked', async () => {
  const { stand, monolith, get } = await start(RULES, 'canary=100')
  expect((await get('/orders')).items?.map(({ id }) => id)).toEqual([2, 3])
  await stand.take()
  expect((await get('/orders/2')).name).toBe('first')
  expect(verdictsOf(await stand.take())).toEqual({ match: 1 })
  expect(monolith.requests.at(-1)?.url).toBe('/orders/1')
})
