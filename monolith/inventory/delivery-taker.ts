import { z } from 'zod'

export const deliveryBody = z.object({
  deliveryId: z.string().min(1).max(80),
  supplier: z.string().min(1).max(120),
  items: z
    .array(
      z.object({
        sku: z.string().min(1).max(40),
        warehouse: z.string().min(1).max(20),
        quantity: z.number().int().min(1).max(100_000),
      }),
    )
    .min(1)
    .max(200),
})

export type Delivery = z.infer<typeof deliveryBody>

/** How delivered goods come into the stock: in two forms, like the stock that orders take. */
export interface DeliveryTaker {
  /** False when this delivery was taken in before. Throws a Problem when it cannot be, and nothing is lost by sending it again. */
  takeIn(delivery: Delivery): Promise<boolean>
}
