import { z } from 'zod'
import { Problem } from '../platform/problem.ts'

/** Refusals that are the caller's fault; anything else means that the inventory could not do its work. */
const REFUSALS = new Set([400, 404, 409, 422])
const problemAnswer = z.object({ code: z.string(), detail: z.string() }).loose()

export interface InventoryHttpOptions {
  /** Where the inventory's endpoints are reached, e.g. the proxy: `http://127.0.0.1:8080`. */
  readonly baseUrl: string
  /** For one call. Above the 5 s for which a proxy may hold a write during a cut-over. */
  readonly timeoutMs: number
}

export interface InventoryCall {
  readonly headers: Readonly<Record<string, string>>
  /** Makes the call safe to repeat; a write without one must be so by itself. */
  readonly idempotencyKey?: string
}

/** The inventory's endpoints, from outside: `path` is below /api/inventory. */
export interface InventoryHttp {
  get(path: string, call: InventoryCall): Promise<unknown>
  post(path: string, body: object, call: InventoryCall): Promise<unknown>
}

export const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && REFUSALS.has(error.status)

/** Throws the inventory's own refusal, or 503 `inventory_unavailable`. Repeats a call once when its connection broke. */
export function createInventoryHttp({ baseUrl, timeoutMs }: InventoryHttpOptions): InventoryHttp {
  async function send(method: string, path: string, { call, body }: { call: InventoryCall; body?: object }) {
    const request = () =>
      fetch(new URL(`/api/inventory${path}`, baseUrl), {
        method,
        headers: {
          ...call.headers,
          ...(call.idempotencyKey !== undefined && { 'idempotency-key': call.idempotencyKey }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      })
    const answer = await request().catch((cause: Error) => {
      if (cause.name === 'TimeoutError') throw unavailable(`did not answer within ${timeoutMs} ms`)
      return request().catch((again: Error) => {
        throw unavailable(`could not be reached: ${again.message}`)
      })
    })
    return readAnswer(answer)
  }

  return {
    get: (path, call) => send('GET', path, { call }),
    post: (path, body, call) => send('POST', path, { call, body }),
  }
}

const unavailable = (what: string) => new Problem(503, 'inventory_unavailable', `The inventory ${what}.`)

async function readAnswer(answer: Response): Promise<unknown> {
  const body: unknown = await answer.json().catch(() => null)
  if (answer.ok && body !== null) return body
  const problem = problemAnswer.safeParse(body).data
  if (problem === undefined || !REFUSALS.has(answer.status)) throw unavailable(`answered ${answer.status}`)
  const { code, detail, shortages } = problem
  throw new Problem(answer.status, code, detail, shortages === undefined ? {} : { shortages })
}
