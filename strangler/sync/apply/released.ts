import { hasKitTable } from '../bookkeeping.ts'
import { createDatabaseCheckpoints } from '../checkpoint-store.ts'
import type { Claim } from '../claim-database.ts'
import type { SyncDatabase } from '../database.ts'

/** Not by the capability's name as the rest is: it has to outlive the uninstallation that takes those lines away. */
function releasedName(capability: string): string {
  return `released::${capability}`
}

/**
 * The sync is taken out from under a service that owns, and with it everything by which an applier knows that. To be kept before the rest goes, so that
 * whoever starts in between knows it too.
 */
export async function keepReleased(
  database: SyncDatabase,
  { capability, installation }: Claim,
): Promise<void> {
  await createDatabaseCheckpoints(database).write(releasedName(capability), installation)
}

export async function forgetReleased(database: SyncDatabase, capability: string): Promise<void> {
  if (!(await hasKitTable(database, 'checkpoint'))) return
  await createDatabaseCheckpoints(database).remove(releasedName(capability))
}

/** A copy of the database that another installation has is nobody's yet. */
export async function isReleased(
  database: SyncDatabase,
  { capability, installation }: Claim,
): Promise<boolean> {
  return (await createDatabaseCheckpoints(database).read(releasedName(capability))) === installation
}
