import { defineConfig } from 'strangler-kit'

/**
 * The sample shop: a monolith and the two services that were carved out of it. `npm run demo` starts them and sets the
 * addresses when the usual ports are taken.
 */
export default defineConfig({
  sides: {
    monolith: process.env['MONOLITH_URL'] ?? 'http://127.0.0.1:3000',
    inventory: process.env['INVENTORY_URL'] ?? 'http://127.0.0.1:3001',
    orders: process.env['ORDERS_URL'] ?? 'http://127.0.0.1:3002',
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
    },
    orders: {
      unit: { claim: 'sub' },
      endpoints: [
        'GET /api/orders',
        'GET /api/orders/:id',
        'POST /api/orders',
        'POST /api/orders/:id/cancel',
      ],
    },
  },
})
