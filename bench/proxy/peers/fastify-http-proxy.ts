import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { serveInChild } from '../../processes/serve-in-child.ts'

serveInChild(async ({ upstream }: { upstream: string }) => {
  const app = fastify()
  await app.register(httpProxy, { upstream })
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), stop: () => app.close() }
})
