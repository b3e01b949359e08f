import { setTimeout as delay } from 'node:timers/promises'

/** What the shoppers saw at one endpoint since the last look. */
export interface Seen {
  readonly bySide: Record<'monolith' | 'service', number>
  failed: number
}

/** A light, steady traffic through the proxy, as browsers make it. */
export interface Shoppers {
  /** Counts since the last call, by endpoint. */
  take(): Map<string, Seen>
  /** Requests and failures since the start. */
  totals(): { requests: number; failed: number; lastFailure: string | undefined }
  stop(): Promise<void>
}

const SHOPPERS = 100
const PAUSE_MS = 1_250
const PATIENCE = 5
/** Twice as long as the kit may hold a write. Whoever waits for longer goes elsewhere. */
const REQUEST_MS = 10_000

/** What they ask for, by capability. */
export const USED = {
  inventory: ['GET /api/inventory', 'GET /api/inventory/:sku'],
  orders: ['GET /api/orders', 'GET /api/orders/:id', 'POST /api/orders'],
} as const

/** Signs the demo's users in through the proxy and lets each look at stock and products, and now and then buy. */
export async function startShoppers(proxyUrl: string): Promise<Shoppers> {
  const skus = await findSkus(proxyUrl)
  const counts = { requests: 0, failed: 0, lastFailure: undefined as string | undefined }
  let seen = new Map<string, Seen>()
  const stopping = new AbortController()

  async function ask(shopper: Shopper, { endpoint, path, init, mustBeThere }: Errand): Promise<void> {
    const record = seen.get(endpoint) ?? { bySide: { monolith: 0, service: 0 }, failed: 0 }
    seen.set(endpoint, record)
    counts.requests += 1
    try {
      const headers = { authorization: `Bearer ${shopper.token}`, 'content-type': 'application/json' }
      const answer = await fetch(proxyUrl + path, {
        ...init,
        headers,
        signal: AbortSignal.timeout(REQUEST_MS),
      })
      const text = await answer.text()
      record.bySide[
        answer.headers.get('x-build')?.startsWith('monolith') === true ? 'monolith' : 'service'
      ] += 1
      const isLost = mustBeThere === true && answer.status === 404
      if (answer.status >= 500 || isLost) throw new Error(`it answered ${answer.status}`)
      if (endpoint === 'POST /api/orders' && answer.ok)
        shopper.order = (JSON.parse(text) as { id: number }).id
    } catch (error) {
      record.failed += 1
      counts.failed += 1
      counts.lastFailure = `${endpoint}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  async function shop(index: number): Promise<void> {
    const shopper: Shopper = { token: await signIn(proxyUrl, index), order: undefined }
    // Who was kept waiting comes back later: a slow machine gets a lighter traffic.
    let waitedMs = 0
    while (!stopping.signal.aborted) {
      const pauseMs = PAUSE_MS * (0.5 + Math.random()) + PATIENCE * waitedMs
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      const began = performance.now()
      if (!stopping.signal.aborted) await ask(shopper, chooseErrand(skus, shopper))
      waitedMs = performance.now() - began
    }
  }
  const shopping = Promise.allSettled(Array.from({ length: SHOPPERS }, (_, index) => shop(index + 1)))

  return {
    take() {
      const taken = seen
      seen = new Map()
      return taken
    },
    totals: () => ({ ...counts }),
    async stop() {
      stopping.abort()
      await shopping
    },
  }
}

interface Shopper {
  readonly token: string
  /** The newest that he has placed: he must always find it, whoever answers. */
  order: number | undefined
}

interface Errand {
  readonly endpoint: string
  readonly path: string
  readonly init?: RequestInit
  /** Then a 404 is a failure. */
  readonly mustBeThere?: true
}

function chooseErrand(skus: readonly string[], { order }: Shopper): Errand {
  const sku = skus[Math.floor(Math.random() * skus.length)] ?? ''
  const dice = Math.random()
  // What is always there belongs to a contract, and this does not.
  const page = Math.random() < 0.5 ? '?pageSize=10' : ''
  if (dice < 0.45) return { endpoint: 'GET /api/inventory/:sku', path: `/api/inventory/${sku}` }
  if (dice < 0.58) return { endpoint: 'GET /api/inventory', path: `/api/inventory${page}` }
  if (dice < 0.7)
    return { endpoint: 'GET /api/catalogue/products/:sku', path: `/api/catalogue/products/${sku}` }
  if (dice < 0.83) return { endpoint: 'GET /api/orders', path: `/api/orders${page}` }
  if (dice < 0.97 && order !== undefined)
    return { endpoint: 'GET /api/orders/:id', path: `/api/orders/${order}`, mustBeThere: true }
  if (dice < 0.93) return { endpoint: 'GET /api/orders', path: `/api/orders${page}` }
  const body = JSON.stringify({ items: [{ sku, quantity: 1 }] })
  return { endpoint: 'POST /api/orders', path: '/api/orders', init: { method: 'POST', body } }
}

async function findSkus(proxyUrl: string): Promise<string[]> {
  const answer = await fetch(`${proxyUrl}/api/catalogue/products?limit=50`)
  const text = await answer.text()
  const skus = [...new Set([...text.matchAll(/"sku":"([^"]+)"/g)].map((match) => match[1] ?? ''))]
  if (skus.length === 0)
    throw new Error(`The catalogue has no product to shop for: ${answer.status} ${text.slice(0, 200)}`)
  return skus
}

export async function signIn(proxyUrl: string, index: number): Promise<string> {
  const answer = await fetch(`${proxyUrl}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `user${index}@example.com`, password: 'password' }),
  })
  if (!answer.ok) throw new Error(`user${index} could not sign in: ${answer.status}`)
  return ((await answer.json()) as { token: string }).token
}
