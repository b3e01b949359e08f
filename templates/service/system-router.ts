import { Router } from 'express'
import type { DataSource } from 'typeorm'
import { ABOUT } from './about.ts'

/** What machines ask: whether it is well, and which build it is. */
export function systemRouter(dataSource: DataSource, build: string): Router {
  const router = Router()
  const startedAt = new Date().toISOString()

  router.get('/healthz', async (_request, response) => {
    const isUp = await dataSource.query('SELECT 1').then(
      () => true,
      () => false,
    )
    response
      .status(isUp ? 200 : 503)
      .json({ status: isUp ? 'ok' : 'unhealthy', database: isUp ? 'up' : 'down' })
  })

  router.get('/version', (_request, response) => {
    response.json({ name: ABOUT.capability, build, node: process.version, startedAt })
  })

  return router
}
