import { z } from 'zod'
import { buildOption, commonOptions, portOption } from '../platform/service-options.ts'

export const inventoryOptions = z.object({
  ...commonOptions,
  port: portOption(3001),
  build: buildOption('inventory-1'),
  reservationTtlSeconds: z.coerce.number().int().min(1).max(86_400).default(900),
  /** A build with two bugs in it, for the comparison to find. */
  plantedBugs: z.stringbool().or(z.boolean()).default(false),
  /** 0 = overdue reservations are released only when their stock is wanted. */
  sweepIntervalMs: z.coerce.number().int().min(0).default(30_000),
})

export type InventoryOptions = z.input<typeof inventoryOptions>
