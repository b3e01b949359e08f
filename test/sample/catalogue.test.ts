import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { type Running, signIn, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.stop())

describe('the catalogue', () => {
  it('pages through all products without a gap or a double', async () => {
    const seen: string[] = []
    let path: string | undefined = '/api/catalogue/products?pageSize=7'
    while (path !== undefined) {
      const { body, headers } = await shop.client.get(path)
      seen.push(...body.items.map((item: { sku: string }) => item.sku))
      path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
    }
    expect(seen).toHaveLength(30)
    expect(new Set(seen).size).toBe(30)
  })

  it('answers 304 to the tag it gave, and 200 with a new tag after a change', async () => {
    const staff = shop.client.as(await signIn(shop, 1))
    const path = '/api/catalogue/products/SKU-00002'
    const tag = String((await shop.client.get(path)).headers.get('etag'))
    const same = await shop.client.get(path, { headers: { 'if-none-match': tag } })
    expect(same.status).toBe(304)
    expect((await staff.call('PATCH', path, { body: { price: 12.34 } })).body.price).toBe(12.34)
    const changed = await shop.client.get(path, { headers: { 'if-none-match': tag } })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(tag)
  })

  it('refuses a change that was made of an old version', async () => {
    const staff = shop.client.as(await signIn(shop, 1))
    const path = '/api/catalogue/products/SKU-00003'
    const headers = { 'if-match': String((await shop.client.get(path)).headers.get('etag')) }
    expect((await staff.call('PATCH', path, { body: { name: 'First' }, headers })).status).toBe(200)
    expect((await staff.call('PATCH', path, { body: { name: 'Second' }, headers })).status).toBe(412)
    expect((await shop.client.get(path)).body.name).toBe('First')
  })

  it('lets only staff change a price', async () => {
    const customer = shop.client.as(await signIn(shop, 2))
    const { status } = await customer.call('PATCH', '/api/catalogue/products/SKU-00001', {
      body: { price: 1 },
    })
    expect(status).toBe(403)
  })

  it('filters by category and by skus, and searches names with wildcards taken literally', async () => {
    const { body: categories } = await shop.client.get('/api/catalogue/categories')
    expect(categories.items).toHaveLength(6)
    const [first] = (await shop.client.get('/api/catalogue/products?pageSize=1')).body.items
    const inCategory = await shop.client.get(
      `/api/catalogue/products?category=${first.category}&pageSize=200`,
    )
    expect(new Set(inCategory.body.items.map((item: { category: string }) => item.category))).toEqual(
      new Set([first.category]),
    )
    const bySku = await shop.client.get('/api/catalogue/products?skus=SKU-00004,SKU-00009,NONE')
    expect(bySku.body.items.map((item: { sku: string }) => item.sku)).toEqual(['SKU-00004', 'SKU-00009'])
    const word = first.name.split(' ')[0].toLowerCase()
    expect((await shop.client.get(`/api/catalogue/search?q=${word}`)).body.total).toBeGreaterThan(0)
    expect((await shop.client.get('/api/catalogue/search?q=%25%25')).body.total).toBe(0)
    expect((await shop.client.get('/api/catalogue/search?q=x')).status).toBe(400)
  })

  it('reads availability from the stock', async () => {
    const stock = (await shop.client.get('/api/inventory/SKU-00005')).body
    const { body } = await shop.client.get('/api/catalogue/products/SKU-00005/availability')
    expect(body).toMatchObject({ sku: 'SKU-00005', available: stock.available, inStock: stock.available > 0 })
  })
})
