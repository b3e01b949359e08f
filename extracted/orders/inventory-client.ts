import { z } from 'zod'
import { Problem } from '../platform/problem.ts'
import type { InventoryHttp } from './inventory-http.ts'
import type { CallContext } from './order-draft.ts'

const reservationAnswer = z.object({ id: z.string(), status: z.string() })
export type ReservationAnswer = z.infer<typeof reservationAnswer>

export interface StockRequest {
  readonly key: string
  readonly reference: string
  readonly items: readonly { readonly sku: string; readonly quantity: number }[]
}

/** The three calls that an order makes; each is safe to repeat. */
export interface InventoryClient {
  /** The same key gets the same reservation. */
  reserve(request: StockRequest, call: CallContext): Promise<ReservationAnswer>
  confirm(id: string, call: CallContext): Promise<ReservationAnswer>
  cancel(id: string, call: CallContext): Promise<ReservationAnswer>
}

export function createInventoryClient(http: InventoryHttp): InventoryClient {
  const settle = async (id: string, how: 'confirm' | 'cancel', call: CallContext) =>
    readReservation(await http.post(`/reservations/${encodeURIComponent(id)}/${how}`, {}, call))

  return {
    async reserve({ key, ...request }, call) {
      return readReservation(await http.post('/reservations', request, { ...call, idempotencyKey: key }))
    },
    confirm: (id, call) => settle(id, 'confirm', call),
    cancel: (id, call) => settle(id, 'cancel', call),
  }
}

/** An answer that lacks something is the inventory's mistake, not one of the client who buys. */
function readReservation(body: unknown): ReservationAnswer {
  const answer = reservationAnswer.safeParse(body)
  if (answer.success) return answer.data
  throw new Problem(503, 'inventory_unavailable', 'The inventory answered otherwise than the orders expect.')
}
