import type { BatchResult } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'
import type { TableRoute } from './mapping.ts'

export interface AcknowledgerOptions {
  readonly epoch: number
  readonly source: SyncDatabase
  readonly routes: readonly TableRoute[]
  /** Told after the log entries are gone. */
  readonly onSettled: (result: BatchResult) => void
}

/**
 * Deletes what the target has committed from the source's log. A result of another epoch speaks of a target that is no more.
 * @throws the database's error: the entries stay, are sent again, and are acknowledged again
 */
export function createAcknowledger(options: AcknowledgerOptions): (result: BatchResult) => Promise<void> {
  const { source, routes } = options
  const sourceNames = new Map(routes.map((route) => [route.target.table.name, route.source.table.name]))
  return async (result) => {
    if (result.epoch !== options.epoch) return
    const acknowledged = result.done.flatMap(({ table, key, version }) => {
      const name = sourceNames.get(table)
      return name === undefined ? [] : [{ table: name, key, version }]
    })
    if (acknowledged.length > 0) {
      const keep = source.dialect.keepWriters?.(acknowledged)
      if (keep !== undefined) await source.query(keep)
      await source.query(source.dialect.deleteAcknowledged(acknowledged))
    }
    options.onSettled(result)
  }
}
