import { randomFillSync } from 'node:crypto'
import { parseTraceparent, type TraceContext } from '../core/trace-context.ts'

const CORRELATION_ID = /^[\w.:-]{1,128}$/

/** Continues the client's trace where it has a valid one, else begins one. */
export function createTraceContext(
  traceparent: string | undefined,
  correlationId: string | undefined,
): TraceContext {
  const continued = traceparent === undefined ? undefined : parseTraceparent(traceparent)
  const random = randomHex(24)
  const traceId = continued?.traceId ?? random.slice(16)
  const flags = continued?.flags ?? '00'
  return {
    traceId,
    traceparent: `00-${traceId}-${random.slice(0, 16)}-${flags}`,
    correlationId:
      correlationId !== undefined && CORRELATION_ID.test(correlationId) ? correlationId : traceId,
  }
}

// One system call for many ids: the generator costs more than the request's routing otherwise.
const pool = Buffer.alloc(8_192)
let used = pool.length

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}
