import type { TableShape } from '../../core/sync-words.ts'
import { at, kitTable } from '../bookkeeping.ts'
import type { SyncDatabase } from '../database.ts'
import { runSchemaChange, uninstallSide } from '../install-sync.ts'

const RETRY_FOR_MS = 30_000

/**
 * What `strangler sync install` does in a database that the kit cannot reach: the kit's tables, and guards on those of the capability. What is
 * there already stays. Once the service owns the data, its guards are a cut-over's matter and nobody else's.
 */
export async function prepareTarget(
  target: SyncDatabase,
  capability: string,
  tables: readonly TableShape[],
): Promise<void> {
  const { dialect } = target
  const deadline = Date.now() + RETRY_FOR_MS
  await runSchemaChange(target, dialect.targetUp(), deadline)
  const [state] = await target.query({
    sql: `SELECT role FROM ${kitTable(dialect.name, 'sync_state')} WHERE capability = ${at(dialect.name, 1)}`,
    params: [capability],
  })
  if (state?.['role'] === 'source') return
  const guards = tables.flatMap((table) => dialect.guard(table, 'reject'))
  await runSchemaChange(target, guards, deadline)
}

/** Takes it away again. The copied rows stay. */
export async function clearTarget(
  target: SyncDatabase,
  capability: string,
  tables: readonly TableShape[],
): Promise<void> {
  await uninstallSide(target, { capability, shapes: tables, deadline: Date.now() + RETRY_FOR_MS })
}
