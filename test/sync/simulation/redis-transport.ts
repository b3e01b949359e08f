import { createTransport } from '../../../strangler/sync/transport.ts'
import { flushRedis } from './flush-redis.ts'
import type { FlushableTransport } from './memory-transport.ts'

/** The real transport, flushed by FLUSHALL. */
export function createFlushableRedis(url: string): FlushableTransport {
  const transport = createTransport({
    capability: 'shop',
    direction: 'forward',
    server: { kind: 'redis', url },
    // Jobs that vanish while they are worked on are the point of a flush.
    report: () => undefined,
  })
  return { ...transport, flush: () => flushRedis(url) }
}
