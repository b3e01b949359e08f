import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { findFreePort } from '../../strangler/infra/free-port.ts'

test('the preferred port is given when it is free, and another one when it is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const other = await findFreePort(port)
  expect(other).not.toBe(port)
  expect(other).toBeGreaterThan(1023)
  server.close()
  await once(server, 'close')
  expect(await findFreePort(port)).toBe(port)
})
