import { z } from 'zod'
import { buildOption, commonOptions, portOption, urlOf } from '../platform/service-options.ts'

export const ordersOptions = z.object({
  ...commonOptions,
  port: portOption(3002),
  build: buildOption('orders-1'),
  /** The inventory service, or the proxy in front of it. */
  inventoryBaseUrl: urlOf('http', 'https').default('http://127.0.0.1:3001'),
  inventoryTimeoutMs: z.coerce.number().int().min(1).max(60_000).default(7_000),
  catalogueTimeoutMs: z.coerce.number().int().min(1).max(60_000).default(3_000),
  /** The account under which orders left half done are undone. */
  serviceEmail: z.email().default('orders-service@example.com'),
  servicePassword: z.string().default('password'),
  /** How often orders left half done are looked for; 0 = never. */
  recoverIntervalMs: z.coerce.number().int().min(0).default(30_000),
})

export type OrdersOptions = z.input<typeof ordersOptions>
