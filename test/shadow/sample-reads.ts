import type { Express } from 'express'
import { routesOf } from '../support/routes-of.ts'

/** What an earlier test has made, to be read. */
export interface Made {
  readonly orderId: number
  readonly reservationId: string
}

/** A request to an endpoint of the sample that reads; `n` counts the turns. */
export interface Read {
  path(n: number, made: Made): string
  /** Takes many times as long as the others; it gets a fifth of the turns. */
  readonly isSlow?: true
  /** Nothing in its answer is by chance: the monolith agrees with itself byte for byte. */
  readonly isExact?: true
}

/** The small shop of the tests has so many. */
const SKUS = 30
const WORDS = ['Oak', 'Steel', 'Linen', 'Wool', 'nothing']
const sku = (n: number, of = 9) => `SKU-${String((n % of) + 1).padStart(5, '0')}`

/** Every endpoint of the sample that reads, and comes to an end. */
export const READS: Readonly<Record<string, Read>> = {
  'GET /healthz': { path: () => '/healthz', isExact: true },
  'GET /version': { path: () => '/version', isExact: true },
  'GET /metrics': { path: () => '/metrics' },
  'GET /.well-known/jwks.json': { path: () => '/.well-known/jwks.json', isExact: true },
  'GET /api/inventory': { path: (n) => `/api/inventory?page=${(n % 8) + 1}&pageSize=10`, isSlow: true },
  'GET /api/inventory/warehouses': { path: () => '/api/inventory/warehouses' },
  'GET /api/inventory/low-stock': { path: () => '/api/inventory/low-stock?limit=20', isSlow: true },
  'GET /api/inventory/report': { path: () => '/api/inventory/report', isSlow: true },
  'GET /api/inventory/:sku': { path: (n) => `/api/inventory/${sku(n, SKUS)}` },
  'GET /api/inventory/:sku/movements': { path: (n) => `/api/inventory/${sku(n)}/movements` },
  'GET /api/inventory/reservations/:id': {
    path: (_n, { reservationId }) => `/api/inventory/reservations/${reservationId}`,
  },
  'GET /api/catalogue/categories': { path: () => '/api/catalogue/categories' },
  'GET /api/catalogue/products': {
    path: (n) => `/api/catalogue/products?page=${(n % 3) + 1}`,
    isSlow: true,
  },
  'GET /api/catalogue/search': {
    path: (n) => `/api/catalogue/search?q=${WORDS[n % WORDS.length]}`,
    isSlow: true,
  },
  'GET /api/catalogue/products/:sku': { path: (n) => `/api/catalogue/products/${sku(n)}` },
  'GET /api/catalogue/products/:sku/availability': {
    path: (n) => `/api/catalogue/products/${sku(n)}/availability`,
  },
  'GET /api/users': { path: () => '/api/users?pageSize=5', isSlow: true },
  'GET /api/users/me': { path: () => '/api/users/me', isSlow: true },
  'GET /api/orders': { path: () => '/api/orders?pageSize=5', isSlow: true },
  'GET /api/orders/:id': { path: (_n, { orderId }) => `/api/orders/${orderId}` },
  'GET /api/reports/sales': { path: () => '/api/reports/sales?limit=5', isSlow: true },
  'GET /api/reports/sales.csv': { path: () => '/api/reports/sales.csv?limit=5', isSlow: true, isExact: true },
}

/** Never ends, so there is no answer to compare. */
const ENDLESS = ['GET /api/inventory/stream']

/** Endpoints of an application that read, and that nobody has thought of above. */
export function findUnread(app: Express): string[] {
  const known = [...Object.keys(READS), ...ENDLESS]
  return routesOf(app).filter((route) => route.startsWith('GET ') && !known.includes(route))
}
