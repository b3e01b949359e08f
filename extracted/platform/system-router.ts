import { Router } from 'express'
import type { DataSource } from 'typeorm'

export function systemRouter(
  dataSource: DataSource,
  { name, build }: { name: string; build: string },
): Router {
  const router = Router()
  const startedAt = new Date().toISOString()

  router.get('/healthz', async (_request, response) => {
    const database = await dataSource.query('SELECT 1').then(
      () => 'up',
      () => 'down',
    )
    response
      .status(database === 'up' ? 200 : 503)
      .json({ status: database === 'up' ? 'ok' : 'unhealthy', database })
  })

  router.get('/version', (_request, response) => {
    response.json({ name, build, node: process.version, startedAt })
  })

  return router
}
