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
const REQUEST_MS = 10_000

/** Signs the demo's users in through the proxy and lets each look at stock and products, and now and then buy. */
export async function startShoppers(proxyUrl: string): Promise<Shoppers> {
  const skus = await findSkus(proxyUrl)
  const counts = { requests: 0, failed: 0, lastFailure: undefined as string | undefined }
  let seen = new Map<string, Seen>()
  const stopping = new AbortController()

  async function ask(token: string, { endpoint, path, init }: Errand): Promise<void> {
    const record = seen.get(endpoint) ?? { bySide: { monolith: 0, service: 0 }, failed: 0 }
    seen.set(endpoint, record)
    counts.requests += 1
    try {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const answer = await fetch(proxyUrl + path, {
        ...init,
        headers,
        signal: AbortSignal.timeout(REQUEST_MS),
      })
      await answer.arrayBuffer()
      record.bySide[
        answer.headers.get('x-build')?.startsWith('monolith') === true ? 'monolith' : 'service'
      ] += 1
      if (answer.status >= 500) throw new Error(`${endpoint} answered ${answer.status}`)
    } catch (error) {
      record.failed += 1
      counts.failed += 1
      counts.lastFailure = error instanceof Error ? error.message : String(error)
    }
  }
  async function shop(index: number): Promise<void> {
    const token = await signIn(proxyUrl, index)
    while (!stopping.signal.aborted) {
      await delay(PAUSE_MS * (0.5 + Math.random()), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      )
      if (!stopping.signal.aborted) await ask(token, chooseErrand(skus))
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

interface Errand {
  readonly endpoint: string
  readonly path: string
  readonly init?: RequestInit
}

function chooseErrand(skus: readonly string[]): Errand {
  const sku = skus[Math.floor(Math.random() * skus.length)] ?? ''
  const dice = Math.random()
  if (dice < 0.6) return { endpoint: 'GET /api/inventory/:sku', path: `/api/inventory/${sku}` }
  if (dice < 0.75) return { endpoint: 'GET /api/inventory', path: '/api/inventory?limit=10' }
  if (dice < 0.97)
    return { endpoint: 'GET /api/catalogue/products/:sku', path: `/api/catalogue/products/${sku}` }
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

async function signIn(proxyUrl: string, index: number): Promise<string> {
  const answer = await fetch(`${proxyUrl}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `user${index}@example.com`, password: 'password' }),
  })
  if (!answer.ok) throw new Error(`user${index} could not sign in: ${answer.status}`)
  return ((await answer.json()) as { token: string }).token
}
