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

  // As Prometheus' libraries say it: the dashboard shows what a request costs each side.
  router.get('/metrics', (_request, response) => {
    const { user, system } = process.cpuUsage()
    response
      .type('text/plain; version=0.0.4')
      .send(
        `process_cpu_seconds_total ${(user + system) / 1e6}\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`,
      )
  })

  return router
}
