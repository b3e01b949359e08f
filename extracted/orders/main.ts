import { runService } from '../platform/run-service.ts'
import { createOrdersService } from './create-orders-service.ts'
import { ordersOptions } from './orders-options.ts'

/** node extracted/orders/main.ts --database-url postgres://… [--port 3002] [--inventory-base-url http://…] … */
if (import.meta.main) await runService({ name: 'orders', schema: ordersOptions, create: createOrdersService })
