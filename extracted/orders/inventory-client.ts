import { z } from 'zod'
import { Problem } from '../platform/problem.ts'
import type { CallContext } from './order-draft.ts'

const reservationAnswer = z.object({ id: z.string(), status: z.string() })
const problemAnswer = z.object({ code: z.string(), detail: z.string() }).loose()
export type ReservationAnswer = z.infer<typeof reservationAnswer>

/** Refusals that are the order's fault; anything else means that the inventory could not do its work. */
const REFUSALS = new Set([400, 404, 409, 422])

export interface InventoryClient {
  /** Safe to repeat: the same key gets the same reservation. */
  reserve(request: StockRequest, call: CallContext): Promise<ReservationAnswer>
  confirm(id: string, call: CallContext): Promise<ReservationAnswer>
  cancel(id: string, call: CallContext): Promise<ReservationAnswer>
}

export interface StockRequest {
  readonly key: string
  readonly reference: string
  readonly items: readonly { readonly sku: string; readonly quantity: number }[]
}

export interface InventoryClientOptions {
  /** The inventory service, or the proxy in front of it. */
  readonly baseUrl: string
  /** For one call. Above the 5 s for which a proxy may hold a write during a cut-over. */
  readonly timeoutMs: number
}

export const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && REFUSALS.has(error.status)

export function createInventoryClient({ baseUrl, timeoutMs }: InventoryClientOptions): InventoryClient {
  async function post(
    path: string,
    call: CallContext,
    body: object,
    key?: string,
  ): Promise<ReservationAnswer> {
    const headers = {
      ...call.headers,
      'content-type': 'application/json',
      ...(key && { 'idempotency-key': key }),
    }
    const send = () =>
      fetch(new URL(`/api/inventory/reservations${path}`, baseUrl), {
        ...{ method: 'POST', headers, body: JSON.stringify(body) },
        signal: AbortSignal.timeout(timeoutMs),
      })
    const answer = await send().catch((cause: Error) => {
      if (cause.name === 'TimeoutError') throw unavailable(`did not answer within ${timeoutMs} ms`)
      // A connection that broke: every one of these calls is safe to repeat.
      return send().catch((again: Error) => {
        throw unavailable(`could not be reached: ${again.message}`)
      })
    })
    return readAnswer(answer)
  }

  return {
    reserve: ({ key, ...request }, call) => post('', call, request, key),
    confirm: (id, call) => post(`/${encodeURIComponent(id)}/confirm`, call, {}),
    cancel: (id, call) => post(`/${encodeURIComponent(id)}/cancel`, call, {}),
  }
}

const unavailable = (what: string) => new Problem(503, 'inventory_unavailable', `The inventory ${what}.`)

async function readAnswer(answer: Response): Promise<ReservationAnswer> {
  const body: unknown = await answer.json().catch(() => null)
  const reservation = answer.ok ? reservationAnswer.safeParse(body).data : undefined
  if (reservation !== undefined) return reservation
  const problem = problemAnswer.safeParse(body).data
  if (problem === undefined || !REFUSALS.has(answer.status)) throw unavailable(`answered ${answer.status}`)
  const { code, detail, shortages } = problem
  throw new Problem(answer.status, code, detail, shortages === undefined ? {} : { shortages })
}
