import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../extracted/platform/run-service.ts'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { createShadowMarks, SHADOW_HEADER } from '../../strangler/core/shadow-mark.ts'
import { deriveShadowSecret } from '../../strangler/core/shadow-secret.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { dumpTables } from '../service/dry-run-stand.ts'
import type { HttpClient } from './http-client.ts'
import { type Running, setStock, signIn, startInventory, startShop } from './sample-shop.ts'

const TOKEN = 'worker-token-of-the-sample'
const marks = createShadowMarks(deriveShadowSecret(TOKEN), Date.now)

let shop: Running<Monolith>
let inventory: Running<Service>
let staff: HttpClient

beforeAll(async () => {
  shop = await startShop()
  inventory = await startInventory(shop, { stranglerWorkerToken: TOKEN })
  staff = inventory.client.as(await signIn(shop, 1))
  await setStock(staff, 'SKU-00001', 10)
})
afterAll(async () => {
  await inventory.stop()
  await shop.stop()
})

const dump = () => dumpTables(inventory.app.dataSource)
const send = (path: string, body: object, { key, mark }: { key: string; mark?: boolean }) =>
  staff.post(path, body, {
    'idempotency-key': key,
    ...(mark && { [SHADOW_HEADER]: marks.sign('s1') }),
  })

/** Without what differs between any two answers. */
function essence({ status, body }: { status: number; body: Record<string, unknown> }) {
  const {
    generatedAt: _at,
    requestId: _request,
    id: _id,
    expiresAt: _expires,
    createdAt: _created,
    updatedAt: _updated,
    ...rest
  } = body
  return JSON.parse(JSON.stringify({ status, rest }).replaceAll(/"updatedAt":"[^"]*"/g, '"updatedAt":""'))
}

describe('a dry run of the inventory service', () => {
  it.each([
    ['an adjustment', '/api/inventory/SKU-00001/adjust', { warehouse: 'BER', delta: -3, reason: 'count' }],
    ['a reservation', '/api/inventory/reservations', { items: [{ sku: 'SKU-00001', quantity: 2 }] }],
    [
      'a reservation of too much',
      '/api/inventory/reservations',
      { items: [{ sku: 'SKU-00001', quantity: 999 }] },
    ],
    ['nonsense', '/api/inventory/SKU-00001/adjust', { warehouse: 'BER', delta: 'many' }],
  ])('answers %s as a real one, and touches nothing', async (what, path, body) => {
    const before = await dump()
    const dry = await send(path, body, { key: `${what} 1`, mark: true })
    expect(dry.headers.get('x-strangler-dry-run')).toBe('rolled-back')
    expect(await dump()).toEqual(before)
    const real = await send(path, body, { key: `${what} 1` })
    expect(real.headers.get('x-strangler-dry-run')).toBeNull()
    expect(essence(dry)).toEqual(essence(real))
    if (real.status < 300) expect(await dump()).not.toEqual(before)
  })

  it('is not heard of by those who listen to the stock', async () => {
    const listening = await fetch(`${inventory.url}/api/inventory/stream`)
    const reader = listening.body!.pipeThrough(new TextDecoderStream()).getReader()
    const body = { warehouse: 'BER', delta: 1, reason: 'dry' }
    await send('/api/inventory/SKU-00001/adjust', body, { key: 'dry', mark: true })
    await send('/api/inventory/SKU-00001/adjust', { ...body, reason: 'real' }, { key: 'real' })
    let heard = ''
    while (!heard.includes('"real"')) heard += (await reader.read()).value ?? ''
    expect(heard).not.toContain('"dry"')
    await reader.cancel()
  })

  it('passes the guards while the monolith owns the stock; a real write does not', async () => {
    const { dataSource } = inventory.app
    const run = async ({ sql, params }: { sql: string; params: readonly unknown[] }) =>
      dataSource.query(sql, [...params])
    const [shape] = await postgresDialect.introspect(run, 'public', ['stock'])
    for (const sql of postgresDialect.guard(shape!, 'reject')) await dataSource.query(sql)
    const adjust = (key: string, mark: boolean) =>
      send('/api/inventory/SKU-00001/adjust', { warehouse: 'BER', delta: 1 }, { key, mark })
    expect((await adjust('guarded 1', true)).status).toBe(200)
    expect((await adjust('guarded 1', false)).status).toBe(500)
    for (const sql of postgresDialect.guard(shape!, 'off')) await dataSource.query(sql)
    expect((await adjust('guarded 1', false)).status).toBe(200)
  })
})
