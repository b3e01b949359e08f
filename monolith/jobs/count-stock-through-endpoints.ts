import { z } from 'zod'
import { type InventoryCall, type InventoryHttp, isRefusal } from '../inventory/inventory-http.ts'
import { isDue, type Night, type NightlyCount } from './nightly-count.ts'

const PAGE_SIZE = 200
const pageAnswer = z.object({
  items: z.array(z.object({ sku: z.string(), warehouse: z.string(), available: z.number() })),
  total: z.number(),
})
type Row = z.infer<typeof pageAnswer>['items'][number]

/** The count as it has to be once the stock is somebody else's: one adjustment a row, each with a key of its own. */
export function countStockThroughEndpoints(
  http: InventoryHttp,
  authorize: () => Promise<InventoryCall>,
): NightlyCount {
  async function findDue(night: Night, call: InventoryCall): Promise<Row[]> {
    const due: Row[] = []
    for (let page = 1, total = 1; (page - 1) * PAGE_SIZE < total; page++) {
      const read = pageAnswer.parse(await http.get(`?pageSize=${PAGE_SIZE}&page=${page}`, call))
      due.push(...read.items.filter((row) => isDue(row.sku, night) && row.available > 0))
      total = read.total
    }
    return due
  }

  async function countRow({ sku, warehouse }: Row, call: InventoryCall): Promise<boolean> {
    const body = { warehouse, delta: -1, reason: 'nightly count' }
    try {
      await http.post(`/${encodeURIComponent(sku)}/adjust`, body, call)
      return true
    } catch (error) {
      // Sold or reserved since we read the page: nothing is left to count off.
      if (isRefusal(error) && error.code === 'insufficient_stock') return false
      throw error
    }
  }

  return async (night) => {
    const call = await authorize()
    let written = 0
    for (const row of await findDue(night, call)) {
      const idempotencyKey = `nightly:${night.day}:${row.sku}:${row.warehouse}`
      if (await countRow(row, { ...call, idempotencyKey })) written += 1
    }
    return written
  }
}
