import type { BatchResult } from '../core/sync-words.ts'
import type { TableRoute } from './mapping.ts'

const MOST_KEYS = 2_000

/** The keys that were carried last in this process, by the source's tables; the newest 2,000. */
export interface RecentKeys {
  add(result: BatchResult): void
  read(): Map<string, string[]>
}

export function createRecentKeys(routes: readonly TableRoute[]): RecentKeys {
  const sourceOf = new Map(routes.map((route) => [route.target.table.name, route.source.table.name]))
  const recent = new Map<string, { table: string; key: string }>()
  return {
    add({ done }) {
      for (const { table: target, key, version } of done) {
        const table = sourceOf.get(target)
        // Rows of the backfill were not changed; a TRUNCATE has no key.
        if (table === undefined || version === '0' || key === '') continue
        const id = `${table} ${key}`
        recent.delete(id)
        recent.set(id, { table, key })
      }
      for (const id of recent.keys()) {
        if (recent.size <= MOST_KEYS) break
        recent.delete(id)
      }
    },
    read() {
      const byTable = Map.groupBy(recent.values(), ({ table }) => table)
      return new Map([...byTable].map(([table, rows]) => [table, rows.map(({ key }) => key)]))
    },
  }
}
