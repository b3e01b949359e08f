import { defineConfig } from 'strangler-kit'

/** The address of a database holds a password, so it comes from the environment. */
const database = (name: string) => {
  const address = process.env[name]
  return address === undefined ? {} : { database: address }
}

const shopItself = [
  { role: 'postgres', application: 'shop', because: 'the monolith behind the proxy' },
  { role: 'root', because: 'the same on MariaDB' },
]

/**
 * The sample shop: a monolith and the two services that were carved out of it. `npm run demo` starts them and sets the
 * addresses when the usual ports are taken.
 */
export default defineConfig({
  // Lets `npm run demo` use gates whose windows are a minute's.
  demo: true,
  // Here a minute is a week: what was coupled ten seconds ago has been mended since.
  sync: { coupledForMs: 10_000 },
  sides: {
    monolith: {
      url: process.env['MONOLITH_URL'] ?? 'http://127.0.0.1:3000',
      metrics: '/metrics',
      ...database('MONOLITH_DATABASE_URL'),
    },
    inventory: {
      url: process.env['INVENTORY_URL'] ?? 'http://127.0.0.1:3001',
      metrics: '/metrics',
      ...database('INVENTORY_DATABASE_URL'),
    },
    orders: {
      url: process.env['ORDERS_URL'] ?? 'http://127.0.0.1:3002',
      metrics: '/metrics',
      ...database('ORDERS_DATABASE_URL'),
    },
  },
  capabilities: {
    inventory: {
      // Who is "the same user" for a canary: the signed-in user, else a cookie of the kit's own, else the address.
      unit: { claim: 'sub' },
      endpoints: [
        'GET /api/inventory',
        'GET /api/inventory/warehouses',
        'GET /api/inventory/low-stock',
        { endpoint: 'GET /api/inventory/report', deadlines: { headersMs: 15_000 } },
        'GET /api/inventory/stream',
        'GET /api/inventory/:sku',
        'GET /api/inventory/:sku/movements',
        'PUT /api/inventory/:sku',
        'POST /api/inventory/:sku/adjust',
        'POST /api/inventory/transfers',
        'POST /api/inventory/reservations',
        'GET /api/inventory/reservations/:id',
        'POST /api/inventory/reservations/:id/confirm',
        'POST /api/inventory/reservations/:id/cancel',
      ],
      // Nobody promises the order of the places, and euros are added as floats in that order.
      compare: {
        lists: [{ path: '$.locations', keyedBy: 'warehouse' }],
        numbers: [{ path: '$.stockValue', within: 0.01 }],
      },
      // The shop itself, which the proxy sees; whoever else writes is found by `strangler doctor` and blocks the cut-over.
      writers: shopItself,
      // What it owns, and what the service calls it. `supplier_deliveries` stays: the suppliers' webhook is no endpoint of it.
      tables: [
        'warehouses',
        {
          table: 'inventory_stock',
          as: 'stock',
          columns: { warehouse_code: 'warehouse', qty_on_hand: 'on_hand', qty_reserved: 'reserved' },
        },
        { table: 'stock_reservations', as: 'reservations' },
        {
          table: 'stock_reservation_lines',
          as: 'reservation_items',
          columns: { line_no: 'position', warehouse_code: 'warehouse' },
        },
        { table: 'stock_movements', as: 'movements', columns: { warehouse_code: 'warehouse' } },
      ],
    },
    orders: {
      unit: { claim: 'sub' },
      endpoints: [
        'GET /api/orders',
        'GET /api/orders/:id',
        'POST /api/orders',
        'POST /api/orders/:id/cancel',
      ],
      writers: shopItself,
      tables: [
        { table: 'orders', columns: { user_id: 'customer_id' } },
        { table: 'order_items', columns: { line_no: 'position' } },
      ],
    },
  },
})
