import { StranglerError } from '../../core/errors.ts'
import type { ReportError } from '../../core/ports.ts'
import type { TableShape } from '../../core/sync-words.ts'
import type { SyncDatabase } from '../database.ts'
import { openSide, schemaOf } from '../database-pair.ts'

/** A table of the service by its own name; `schema` is PostgreSQL's, default `public`. */
export interface ServiceTable {
  readonly table: string
  readonly schema?: string
}

export interface ServiceTarget {
  readonly target: SyncDatabase
  /** @throws StranglerError STRANGLER_SYNC_REFUSED when a table is missing, or has no key that can be used */
  readTables(): Promise<readonly TableShape[]>
}

/** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE */
export async function openServiceTarget(
  { capability, url, tables }: { capability: string; url: string; tables: readonly ServiceTable[] },
  report: ReportError,
): Promise<ServiceTarget> {
  const target = await openSide({ side: capability, url }, report)
  return {
    target,
    async readTables() {
      const found = await Promise.all(
        tables.map(({ table, schema }) =>
          target.dialect.introspect(target.query, schemaOf(url, schema), [table]),
        ),
      )
      return found.map(([shape], position) => {
        const name = tables[position]?.table ?? ''
        if (shape === undefined)
          throw refused(`The service's database has no table ${name} that its user can see.`)
        const unusable = shape.keyRefused ?? (shape.key.length === 0 ? 'it has none' : undefined)
        if (unusable !== undefined) throw refused(`The key of ${name} cannot be used: ${unusable}.`)
        return shape
      })
    },
  }
}

function refused(found: string): StranglerError {
  return new StranglerError('STRANGLER_SYNC_REFUSED', found, {
    fix: 'Correct `tables` of createSyncApplier, or the schema of the service.',
  })
}
