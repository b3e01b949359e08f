import { describe, expect, test } from 'vitest'
import type { TableShape } from '../../strangler/core/sync-words.ts'
import { assignTables } from '../../strangler/init/assign-tables.ts'
import { inferEndpoints } from '../../strangler/init/infer-endpoints.ts'
import { proposeCapabilities } from '../../strangler/init/propose-capabilities.ts'
import { readOpenApi } from '../../strangler/init/read-openapi.ts'
import type { SeenEndpoint } from '../../strangler/init/seen-endpoint.ts'

const get = (path: string, requests = 1) => ({ method: 'GET', path, requests })
const templates = (paths: string[]) =>
  inferEndpoints(paths.map((path) => get(path))).map((one) => one.template)

describe('endpoints that are inferred from paths', () => {
  test.each([
    [
      'numbers and UUIDs are values, even alone',
      ['/api/orders/17', '/api/users/0198f2c0-1a2b-7c3d-8e4f-5a6b7c8d9e0f'],
      ['/api/orders/:id', '/api/users/:id'],
    ],
    ['codes with digits are, once there are two', ['/stock/SKU-00001', '/stock/SKU-00002'], ['/stock/:id']],
    ['and a lone one is a name', ['/reports/year-2026'], ['/reports/year-2026']],
    [
      'names beside values stay names',
      ['/orders/1', '/orders/2', '/orders/open'],
      ['/orders/:id', '/orders/open'],
    ],
    [
      'what stands behind values is seen together',
      ['/orders/1/items/9', '/orders/2/items'],
      ['/orders/:id/items', '/orders/:orderId/items/:itemId'],
    ],
    [
      'never the first segment, nor what is behind api and a version',
      ['/api/v2/2024/1', '/7/x'],
      ['/7/x', '/api/v2/2024/:id'],
    ],
    [
      'a place with a dozen names has values',
      Array.from('abcdefghijkl', (name) => `/products/${name}`),
      ['/products/:id'],
    ],
    ['what means something in a template is escaped', ['/files/a(b)'], ['/files/a\\(b\\)']],
    ['a lone per cent sign is nobody’s end', ['/x/%'], ['/x/%']],
  ])('%s', (_name, paths, expected) => {
    expect(templates(paths)).toEqual(expected)
  })

  test('requests of one endpoint are summed up, of two methods kept apart', () => {
    const seen = inferEndpoints([get('/a/1', 3), get('/a/2', 4), { ...get('/a/3', 5), method: 'POST' }])
    expect(seen).toEqual([
      { method: 'GET', template: '/a/:id', requests: 7 },
      { method: 'POST', template: '/a/:id', requests: 5 },
    ])
  })
})

describe('an OpenAPI document', () => {
  const operation = { responses: {} }
  test('of 3.x has its server’s path before every path, and templates as Express writes them', () => {
    const document = {
      openapi: '3.0.3',
      servers: [{ url: 'https://shop.example/v1/' }],
      paths: {
        '/orders/{order-id}': { get: operation, delete: operation, parameters: [] },
        '/a.{format}': { get: operation },
      },
    }
    expect(readOpenApi(document)?.map(({ method, template }) => `${method} ${template}`)).toEqual([
      'GET /v1/orders/:orderId',
      'DELETE /v1/orders/:orderId',
      'GET /v1/a.:format',
    ])
  })

  test('of Swagger 2.0 has its basePath', () => {
    const document = { swagger: '2.0', basePath: '/api', paths: { '/x': { post: operation } } }
    expect(readOpenApi(document)).toEqual([{ method: 'POST', template: '/api/x', requests: 0 }])
  })

  test('with two templates of one shape gives one endpoint, since nothing could tell them apart', () => {
    const document = {
      openapi: '3.1.0',
      paths: { '/x/{a}': { get: operation }, '/x/{b}': { get: operation } },
    }
    expect(readOpenApi(document)).toHaveLength(1)
  })

  test.each([[{}], [[]], ['text'], [{ openapi: '3.1.0' }], [{ paths: {} }]])('%j is none', (document) => {
    expect(readOpenApi(document)).toBeUndefined()
  })
})

const endpoint = (id: string): SeenEndpoint => {
  const [method = '', template = ''] = id.split(' ')
  return { method, template, requests: 0 }
}

describe('capabilities', () => {
  test('are named after what stands behind api and version; probes and documents are nobody’s', () => {
    const { capabilities, left } = proposeCapabilities(
      [
        'GET /api/v1/orderItems',
        'GET /api/v1/users/:id',
        'GET /api/v1/users',
        'GET /healthz',
        'GET /',
        'GET /api/openapi.json',
        'GET /:slug',
      ].map(endpoint),
    )
    expect(capabilities.map(({ name, endpoints }) => [name, endpoints.length])).toEqual([
      ['users', 2],
      ['order-items', 1],
    ])
    expect(left.map(({ template }) => template)).toEqual(['/healthz', '/', '/api/openapi.json', '/:slug'])
  })
})

const table = (name: string, ...parents: [string, string][]): TableShape => ({
  ...{ schema: 'public', name, columns: [], key: ['id'], keyDeferrable: false, uniques: [] },
  foreignKeys: parents.map(([referencedTable, onDelete]) => ({
    ...{ name: 'fk', columns: ['x'], referencedTable, referencedColumns: ['id'] },
    ...{ onDelete, onUpdate: 'NO ACTION', deferrable: false },
  })),
})

describe('tables', () => {
  test('go to a capability by its name, then by names in its paths, then with the rows they hang on', () => {
    const { capabilities } = proposeCapabilities(
      ['GET /api/inventory/:sku/movements', 'GET /api/inventory/warehouses', 'GET /api/orders/:id'].map(
        endpoint,
      ),
    )
    const { assigned, left } = assignTables(capabilities, [
      table('inventory_stock'),
      table('stock_movements'),
      table('warehouses'),
      table('orders'),
      table('lines', ['orders', 'CASCADE']),
      table('line_notes', ['lines', 'CASCADE']),
      table('audit', ['orders', 'NO ACTION']),
      table('between', ['orders', 'CASCADE'], ['warehouses', 'CASCADE']),
    ])
    expect(assigned.get('inventory')).toEqual([
      { table: 'inventory_stock', because: 'its name has inventory' },
      { table: 'stock_movements', because: 'its paths have movements' },
      { table: 'warehouses', because: 'its paths have warehouses' },
    ])
    expect(assigned.get('orders')?.map((one) => one.table)).toEqual(['orders', 'lines', 'line_notes'])
    expect(left).toEqual(['audit', 'between'])
  })
})
