import type { TableShape } from '../../core/sync-words.ts'
import { at, kitTable } from '../bookkeeping.ts'
import { type Claim, claimDatabases, refuseForeign } from '../claim-database.ts'
import type { SyncDatabase } from '../database.ts'
import { readForApplier } from '../fencing-token.ts'
import { openUninstall, runSchemaChange, uninstallSide } from '../install-sync.ts'
import { forgetReleased, isReleased } from './released.ts'

const RETRY_FOR_MS = 30_000

/**
 * What `strangler sync install` does in a database that the kit cannot reach: the kit's tables, and guards on those of the capability. What is
 * there already stays. From the first cut-over on its guards are a cut-over's matter and nobody else's: a service that
 * starts anew in the middle of one, or just after it, must not close its own tables. Neither must one that owned when its sync was taken out.
 * @returns whether the latter is so
 * @throws StranglerError STRANGLER_SYNC_FOREIGN when another installation has it; nothing is changed then
 */
export async function prepareTarget(
  target: SyncDatabase,
  claim: Claim,
  tables: readonly TableShape[],
): Promise<{ readonly isReleased: boolean }> {
  const { capability } = claim
  const { dialect } = target
  const deadline = Date.now() + RETRY_FOR_MS
  await refuseForeign([target], claim)
  await runSchemaChange(target, dialect.targetUp(), deadline)
  await claimDatabases([target], claim)
  const standing = await readForApplier(target, capability)
  const [state] = await target.query({
    sql: `SELECT role FROM ${kitTable(dialect.name, 'sync_state')} WHERE capability = ${at(dialect.name, 1)}`,
    params: [capability],
  })
  if (state?.['role'] === 'source' || standing.token > 0) return { isReleased: false }
  if (await isReleased(target, claim)) return { isReleased: true }
  // Not before: whoever has no business here does not end the kit's uninstallation either.
  const fenced = await standing.endUninstalls()
  const statements = tables.flatMap((table) => dialect.guard(table, 'reject'))
  // A first cut-over may begin while this waits for a lock.
  await runSchemaChange(target, [fenced(statements)], deadline)
  return { isReleased: false }
}

/** Takes it away again. The copied rows stay. */
export async function clearTarget(
  target: SyncDatabase,
  capability: string,
  tables: readonly TableShape[],
): Promise<void> {
  const deadline = Date.now() + RETRY_FOR_MS
  await forgetReleased(target, capability)
  const fenced = await openUninstall(target, capability, deadline)
  await uninstallSide(target, { capability, shapes: tables, deadline, fenced })
}
