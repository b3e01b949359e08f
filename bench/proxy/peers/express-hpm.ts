import type { AddressInfo } from 'node:net'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { serveInChild } from '../../processes/serve-in-child.ts'

serveInChild(async ({ upstream }: { upstream: string }) => {
  const app = express()
  app.use(createProxyMiddleware({ target: upstream }))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
})
