import { randomFillSync } from 'node:crypto'

/** The two names by which a request can be found again: in the logs, and in a tracing system. */
export interface TraceContext {
  readonly correlationId: string
  readonly traceId: string
  /** `traceparent` as it goes to the side: the client's trace continued, or a new one begun. */
  readonly traceparent: string
}

const CORRELATION_ID = /^[\w.:-]{1,128}$/
// Version ff is forbidden, and so are ids of zeros (W3C Trace Context §3.2.2).
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?$/

/** Continues the client's trace where it has a valid one, else begins one. */
export function createTraceContext(
  traceparent: string | undefined,
  correlationId: string | undefined,
): TraceContext {
  const continued = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  const random = randomHex(24)
  const traceId = continued?.[1] ?? random.slice(16)
  const flags = continued?.[2] ?? '00'
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
