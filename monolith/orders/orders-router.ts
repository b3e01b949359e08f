import { type Response, Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { pageQuery, setPageLinks } from '../http/pagination.ts'
import { notFound, Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { currentUser, requireUser } from '../users/require-user.ts'
import type { Tokens } from '../users/tokens.ts'
import { callContext } from './call-context.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import { findItems, presentOrder } from './order-store.ts'
import { placeOrder } from './place-order.ts'
import { priceItems } from './price-items.ts'
import type { StockTaker } from './stock-taker.ts'

const item = z.object({ sku: z.string().min(1).max(40), quantity: z.number().int().min(1).max(1_000) })
const orderBody = z.object({ items: z.array(item).min(1).max(50) })
const status = z.enum(['pending', 'placed', 'shipped', 'cancelled', 'failed'])
const listQuery = pageQuery.extend({ status: status.optional() })
const idempotencyKey = z.string().min(1).max(120).nullable()
const orderId = z.coerce.number().int().min(1).max(2_147_483_647)

/** Customers find their own orders only. */
async function findOrder(dataSource: DataSource, id: unknown, response: Response): Promise<Order> {
  const user = currentUser(response)
  const order = await dataSource.getRepository(OrderSchema).findOneBy({ id: orderId.parse(id) })
  if (order === null || (user.role === 'customer' && order.userId !== Number(user.id)))
    throw notFound(`Order ${id}`)
  return order
}

export interface OrdersRouterParts {
  readonly dataSource: DataSource
  readonly tokens: Pick<Tokens, 'verify'>
  readonly taker: StockTaker
}

export function ordersRouter({ dataSource, tokens, taker }: OrdersRouterParts): Router {
  const router = Router()
  const placing = { dataSource, taker, priceItems: priceItems.bind(null, dataSource) }
  router.use(requireUser(tokens))

  async function answer(response: Response, order: Order) {
    response.json(stamp(response, presentOrder(order, await findItems(dataSource.manager, [order.id]))))
  }

  router.post('/', async (request, response) => {
    const wish = {
      userId: Number(currentUser(response).id),
      idempotencyKey: idempotencyKey.parse(request.get('idempotency-key') ?? null),
      items: orderBody.parse(request.body).items,
    }
    const { order, replayed } = await placeOrder(placing, wish, callContext(request, response))
    if (replayed) response.set('idempotency-replayed', 'true')
    else response.status(201).location(`/api/orders/${order.id}`)
    await answer(response, order)
  })

  router.get('/', async (request, response) => {
    const { page, pageSize, status } = listQuery.parse(request.query)
    const user = currentUser(response)
    const [rows, total] = await dataSource.getRepository(OrderSchema).findAndCount({
      where: { ...(user.role === 'customer' && { userId: Number(user.id) }), ...(status && { status }) },
      order: { id: 'DESC' },
      skip: (page - 1) * pageSize,
      take: pageSize,
    })
    const ids = rows.map((order) => order.id)
    const items = await findItems(dataSource.manager, ids)
    setPageLinks(request, response, { page, pageSize, total })
    response.json(
      stamp(response, { items: rows.map((order) => presentOrder(order, items)), page, pageSize, total }),
    )
  })

  router.get('/:id', async (request, response) => {
    await answer(response, await findOrder(dataSource, request.params.id, response))
  })

  router.post('/:id/cancel', async (request, response) => {
    const order = await findOrder(dataSource, request.params.id, response)
    if (order.status !== 'placed' && order.status !== 'cancelled')
      throw new Problem(
        409,
        'order_not_cancellable',
        `Order ${order.id} is ${order.status}; it cannot be cancelled.`,
      )
    await answer(response, await taker.cancel(order, callContext(request, response)))
  })

  return router
}
