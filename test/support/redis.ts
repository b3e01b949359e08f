import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRedis } from '../../strangler/infra/redis-server.ts'

/** A Redis of a test's own, which it may flush. */
export interface TestRedis {
  readonly url: string
  stop(): Promise<void>
}

/** Starts one; call it only when `requireProgram('redis')` found a server. */
export async function startTestRedis(): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-redis-'))
  const server = await findRedis({ directory, env: { PATH: process.env['PATH'] } })
  if (server.kind !== 'redis') throw new Error(server.description)
  return {
    url: server.url,
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
