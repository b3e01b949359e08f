import { Router } from 'express'
import type { DataSource } from 'typeorm'
import { stamp } from '../http/request-context.ts'
import { requireUser } from '../users/require-user.ts'
import type { Tokens } from '../users/tokens.ts'
import { salesBySku, salesQuery, toCsv } from './sales-report.ts'

export function reportsRouter(dataSource: DataSource, tokens: Pick<Tokens, 'verify'>): Router {
  const router = Router()
  router.use(requireUser(tokens, 'staff'))

  router.get('/sales', async (request, response) => {
    const items = await salesBySku(dataSource, salesQuery.parse(request.query))
    const revenue = items.reduce((sum, row) => sum + row.revenue, 0)
    response.json(stamp(response, { items, revenue, currency: 'EUR' }))
  })

  router.get('/sales.csv', async (request, response) => {
    const rows = await salesBySku(dataSource, salesQuery.parse(request.query))
    const day = new Date().toISOString().slice(0, 10)
    response.attachment(`sales-${day}.csv`).type('text/csv; charset=utf-8').send(toCsv(rows))
  })

  return router
}
