import { z } from 'zod'
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
    reservationAnswer.parse(await http.post(`/reservations/${encodeURIComponent(id)}/${how}`, {}, call))

  return {
    async reserve({ key, ...request }, call) {
      return reservationAnswer.parse(
        await http.post('/reservations', request, { ...call, idempotencyKey: key }),
      )
    },
    confirm: (id, call) => settle(id, 'confirm', call),
    cancel: (id, call) => settle(id, 'cancel', call),
  }
}
