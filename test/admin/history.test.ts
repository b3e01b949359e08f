import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

const SKU = 'GET /api/inventory/:sku'
let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
  await admin.command('/api/routes/set', {
    endpoint: SKU,
    mode: 'service',
    as: 'anna',
    because: 'a 100 % try',
  })
  await admin.command('/api/routes/set', { endpoint: SKU, mode: 'canary', percent: 25, as: 'bert' })
  await admin.command('/api/routes/clear', { endpoint: SKU, because: 'it was Anna’s' })
  await admin.command('/api/guide/rare', { endpoint: 'GET /api/orders/:id', because: 'once a year' })
})
afterAll(() => admin.stop())

const ask = (path: string) => admin.call('GET', path, { token: TOKENS.viewer })
const versions = async (query: string) => {
  const { body } = await ask(`/api/history?${query}`)
  return body.entries.map(({ version }: { version: number }) => version)
}

it('chooses lines by their kind, and by a text in who, why and what it is about', async () => {
  expect(await versions('limit=10')).toEqual([4, 3, 2, 1])
  expect(await versions('kind=route.set')).toEqual([2, 1])
  expect(await versions('text=ANNA')).toEqual([3, 1])
  expect(await versions('text=/api/orders')).toEqual([4])
  expect(await versions('kind=route.set&text=bert')).toEqual([2])
  expect(await versions('text=inventory&limit=1&before=3')).toEqual([2])
  // It is looked for as it stands: a percent sign stands for itself, a quote ends nothing.
  expect(await versions(`text=${encodeURIComponent('100 %')}`)).toEqual([1])
  expect(await versions(`text=${encodeURIComponent('%')}`)).toEqual([1])
  expect(await versions(`text=${encodeURIComponent("' OR true --")}`)).toEqual([])
  expect((await ask('/api/history?kind=route.set%27')).status).toBe(400)
})

it('shows what one line has made of the state, before and after', async () => {
  const changes = async (version: number) => (await ask(`/api/history/change?version=${version}`)).body
  const first = await changes(1)
  expect(first.entry).toMatchObject({ version: 1, by: 'operator:anna' })
  expect(first.changes).toHaveLength(1)
  expect(first.changes[0]).toMatchObject({ part: 'overrides', of: SKU })
  expect(first.changes[0]).not.toHaveProperty('before')
  expect(JSON.parse(first.changes[0].after).setting).toEqual({ mode: 'service' })
  const second = (await changes(2)).changes.find(({ part }: { part: string }) => part === 'overrides')
  expect(JSON.parse(second.before).setting).toEqual({ mode: 'service' })
  expect(JSON.parse(second.after).setting).toEqual({ mode: 'canary', percent: 25 })
  expect((await changes(3)).changes[0]).not.toHaveProperty('after')
  expect((await changes(4)).changes).toEqual([
    { part: 'rareEndpoints', of: 'GET /api/orders/:id', after: '4' },
  ])
  expect(await ask('/api/history/change?version=5')).toMatchObject({
    ...{ status: 404, body: { detail: 'The journal has no line 5; its last is 4.' } },
  })
})
