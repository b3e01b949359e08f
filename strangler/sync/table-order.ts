import type { TableShape } from '../core/sync-words.ts'

/**
 * Tables so that what a foreign key points to comes first. Tables that point to each other in a circle stand in the order given.
 */
export function orderByReferences<T extends { readonly table: TableShape }>(tables: readonly T[]): T[] {
  const ordered: T[] = []
  const seen = new Set<T>()
  const visit = (entry: T) => {
    if (seen.has(entry)) return
    seen.add(entry)
    for (const { referencedTable } of entry.table.foreignKeys) {
      const parent = tables.find(({ table }) => table.name === referencedTable)
      if (parent !== undefined) visit(parent)
    }
    ordered.push(entry)
  }
  for (const entry of tables) visit(entry)
  return ordered
}
