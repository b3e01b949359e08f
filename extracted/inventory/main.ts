import { runService } from '../platform/run-service.ts'
import { createInventoryService } from './create-inventory-service.ts'
import { inventoryOptions } from './inventory-options.ts'

/** node extracted/inventory/main.ts --database-url postgres://… [--port 3001] [--seed-from postgres://the-shop's] … */
if (import.meta.main)
  await runService({ name: 'inventory', schema: inventoryOptions, create: createInventoryService })
