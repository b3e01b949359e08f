import { randomUUID } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { pageQuery, setPageLinks } from '../platform/pagination.ts'
import { notFound, Problem } from '../platform/problem.ts'
import { requestId, stamp } from '../platform/request-context.ts'
import { currentUser, requireUser } from '../platform/require-user.ts'
import type { TokenVerifier } from '../platform/token-verifier.ts'
import { isUniqueViolation } from '../platform/unique-violation.ts'
import type { CatalogueClient } from './catalogue-client.ts'
import type { CallContext } from './order-draft.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import type { OrderPlacing } from './order-placing.ts'
import { findItems, presentOrder } from './order-store.ts'

const orderBody = z.object({
  items: z
    .array(z.object({ sku: z.string().min(1).max(40), quantity: z.number().int().min(1).max(1_000) }))
    .min(1)
    .max(50),
})
type WantedItems = z.infer<typeof orderBody>['items']
const listQuery = pageQuery.extend({
  status: z.enum(['pending', 'placed', 'shipped', 'cancelled', 'failed']).optional(),
})
const idempotencyKey = z.string().min(1).max(120).nullable()
const orderId = z.coerce.number().int().min(1).max(2_147_483_647)

/** Who is asking, in which trace, and the proxy's own marks: what a nested call has to carry on. */
function callContext(request: Request, response: Response): CallContext {
  const headers: Record<string, string> = { 'x-request-id': requestId(response) }
  for (const [name, value] of Object.entries(request.headers))
    if (['authorization', 'traceparent', 'tracestate'].includes(name) || name.startsWith('x-strangler-'))
      headers[name] = String(value)
  return { headers }
}

function mergeSameSkus(items: WantedItems): WantedItems {
  const quantities = new Map<string, number>()
  for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity)
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }))
}

export interface OrdersRouterParts {
  readonly dataSource: DataSource
  readonly tokens: TokenVerifier
  readonly catalogue: CatalogueClient
  readonly placing: OrderPlacing
}

export function ordersRouter({ dataSource, tokens, catalogue, placing }: OrdersRouterParts): Router {
  const router = Router()
  const orders = dataSource.getRepository(OrderSchema)
  router.use(requireUser(tokens))

  /** Customers find their own orders only. */
  async function findOrder(id: unknown, response: Response): Promise<Order> {
    const user = currentUser(response)
    const order = await orders.findOneBy({ id: orderId.parse(id) })
    if (order === null || (user.role === 'customer' && order.userId !== Number(user.id)))
      throw notFound(`Order ${id}`)
    return order
  }

  async function answer(response: Response, order: Order) {
    response.json(stamp(response, presentOrder(order, await findItems(dataSource.manager, [order.id]))))
  }

  async function replay(key: string, items: WantedItems, response: Response): Promise<Order | null> {
    const earlier = await orders.findOneBy({ userId: Number(currentUser(response).id), idempotencyKey: key })
    if (earlier === null) return null
    const had = (await findItems(dataSource.manager, [earlier.id])).map(({ sku, quantity }) => ({
      sku,
      quantity,
    }))
    if (JSON.stringify(had) !== JSON.stringify(items))
      throw new Problem(
        422,
        'idempotency_key_reused',
        `The idempotency key ${key} was used for another order.`,
      )
    return earlier
  }

  router.post('/', async (request, response) => {
    const items = mergeSameSkus(orderBody.parse(request.body).items)
    const key = idempotencyKey.parse(request.get('idempotency-key') ?? null)
    const call = callContext(request, response)
    const again = async () => {
      const earlier = key === null ? null : await replay(key, items, response)
      if (earlier === null) return false
      response.set('idempotency-replayed', 'true')
      await answer(response, await placing.resume(earlier, call))
      return true
    }
    if (await again()) return
    const draft = { reference: randomUUID(), userId: Number(currentUser(response).id), idempotencyKey: key }
    try {
      const order = await placing.place({ ...draft, items: await catalogue.priceItems(items, call) }, call)
      response.status(201).location(`/api/orders/${order.id}`)
      await answer(response, order)
    } catch (error) {
      if (!isUniqueViolation(error) || !(await again())) throw error
    }
  })

  router.get('/', async (request, response) => {
    const { page, pageSize, status } = listQuery.parse(request.query)
    const user = currentUser(response)
    const [rows, total] = await orders.findAndCount({
      where: { ...(user.role === 'customer' && { userId: Number(user.id) }), ...(status && { status }) },
      order: { id: 'DESC' },
      skip: (page - 1) * pageSize,
      take: pageSize,
    })
    const items = await findItems(
      dataSource.manager,
      rows.map((order) => order.id),
    )
    setPageLinks(request, response, { page, pageSize, total })
    response.json(
      stamp(response, { items: rows.map((order) => presentOrder(order, items)), page, pageSize, total }),
    )
  })

  router.get('/:id', async (request, response) => {
    await answer(response, await findOrder(request.params.id, response))
  })

  router.post('/:id/cancel', async (request, response) => {
    const order = await findOrder(request.params.id, response)
    if (order.status !== 'placed' && order.status !== 'cancelled')
      throw new Problem(
        409,
        'order_not_cancellable',
        `Order ${order.id} is ${order.status}; it cannot be cancelled.`,
      )
    await answer(response, await placing.cancel(order, callContext(request, response)))
  })

  return router
}
