import { z } from 'zod'
import { Problem } from '../platform/problem.ts'
import type { CallContext, DraftItem } from './order-draft.ts'

const productsAnswer = z.object({
  items: z.array(z.object({ sku: z.string(), name: z.string(), price: z.number() })),
})

export interface CatalogueClient {
  /** Today's names and prices. Throws 404 `unknown_sku`, or 503 when the catalogue cannot be asked. */
  priceItems(items: readonly { sku: string; quantity: number }[], call: CallContext): Promise<DraftItem[]>
}

export interface CatalogueClientOptions {
  readonly baseUrl: string
  readonly timeoutMs: number
}

export function createCatalogueClient({ baseUrl, timeoutMs }: CatalogueClientOptions): CatalogueClient {
  async function fetchProducts(skus: readonly string[], call: CallContext) {
    const url = new URL('/api/catalogue/products', baseUrl)
    url.searchParams.set('skus', skus.join(','))
    url.searchParams.set('pageSize', String(skus.length))
    const answer = await fetch(url, { headers: call.headers, signal: AbortSignal.timeout(timeoutMs) }).catch(
      unavailable,
    )
    const products = productsAnswer.safeParse(answer.ok ? await answer.json().catch(unavailable) : null)
    if (!products.success) return unavailable(new Error(`it answered ${answer.status}`))
    return products.data.items
  }

  return {
    async priceItems(items, call) {
      const skus = items.map((item) => item.sku)
      const products = await fetchProducts(skus, call)
      return items.map(({ sku, quantity }) => {
        const product = products.find((candidate) => candidate.sku === sku)
        if (product === undefined) throw new Problem(404, 'unknown_sku', `Product ${sku} does not exist.`)
        return { sku, name: product.name, quantity, unitPriceCents: Math.round(product.price * 100) }
      })
    },
  }
}

function unavailable(cause: Error): never {
  throw new Problem(
    503,
    'catalogue_unavailable',
    `The catalogue could not be asked for prices: ${cause.message}.`,
  )
}
