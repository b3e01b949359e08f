import { StranglerError } from '../core/errors.ts'
import type { DialectName } from '../core/sync-words.ts'
import { at, hasKitTable, kitTable } from './bookkeeping.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { Statement } from './dialect.ts'

/** Whose a database is, by capability: of one installation and no other, whatever reaches it by a shared queue or a copied address. */
export interface Claim {
  readonly capability: string
  /** The id of the installation that wants it. */
  readonly installation: string
}

/** Under this name a database keeps whose it is. */
function claimName(capability: string): string {
  return `installation:${capability}:claim`
}

/**
 * Makes them this installation's where they are nobody's yet, all of them or none. The kit's schema is there.
 * @param takeOver also where they are another's: on purpose only
 * @throws StranglerError STRANGLER_SYNC_FOREIGN
 */
export async function claimDatabases(
  databases: readonly SyncDatabase[],
  claim: Claim,
  { takeOver = false } = {},
): Promise<void> {
  if (!takeOver) await refuseForeign(databases, claim)
  for (const database of databases) await claimOne(database, claim, takeOver)
}

/** @throws StranglerError STRANGLER_SYNC_FOREIGN when one of them is another installation's */
export async function refuseForeign(databases: readonly SyncDatabase[], claim: Claim): Promise<void> {
  const foreign = await findForeign(databases, claim)
  if (foreign !== undefined) throw foreign
}

/** Whether one of them is another installation's, and the sentence that says whose. */
export async function findForeign(
  databases: readonly SyncDatabase[],
  claim: Claim,
): Promise<StranglerError | undefined> {
  for (const database of databases) {
    // Where the kit has nothing yet, nothing is made by the question.
    if (!(await hasKitTable(database, 'checkpoint'))) continue
    const found = await createDatabaseCheckpoints(database).read(claimName(claim.capability))
    if (isOfAnother(found, claim)) return foreignDatabase(found, claim)
  }
  return undefined
}

async function claimOne(database: SyncDatabase, claim: Claim, takeOver: boolean): Promise<void> {
  const store = createDatabaseCheckpoints(database)
  const name = claimName(claim.capability)
  for (;;) {
    const found = await store.read(name)
    if (found === claim.installation) return
    if (!takeOver && isOfAnother(found, claim)) throw foreignDatabase(found, claim)
    // Otherwise somebody was faster, and is looked at.
    if (await store.replace(name, found, claim.installation)) return
  }
}

/** `epoch, claim` of a capability, in the transaction that goes by them; null where there is none. */
export function readStand(dialect: DialectName, capability: string): Statement {
  const epoch = `SELECT epoch FROM ${kitTable(dialect, 'sync_state')} WHERE capability = ${at(dialect, 1)}`
  const claim = `SELECT state FROM ${kitTable(dialect, 'checkpoint')} WHERE name = ${at(dialect, 2)}`
  return {
    sql: `SELECT (${epoch}) AS epoch, (${claim}) AS claim`,
    params: [capability, claimName(capability)],
  }
}

/** A line that is being written for the first time is empty for a moment. */
function isOfAnother(found: string | undefined, { installation }: Claim): found is string {
  return found !== undefined && found !== '' && found !== installation
}

export function foreignDatabase(found: string | null | undefined, claim: Claim): StranglerError {
  const { capability, installation } = claim
  const owner = found ? `belongs to the installation ${found}` : 'has been given up'
  return new StranglerError(
    'STRANGLER_SYNC_FOREIGN',
    `A database of ${capability} ${owner}, and this is the installation ${installation}: both would write the same rows, and neither would know of the other.`,
    {
      fix: `Correct \`sides.*.database\`, or uninstall the other’s sync. If the database is this one’s now (a copy, or after the loss of the control database): \`strangler sync install ${capability} --take-over\`; a service that applies for itself: \`uninstall()\` of its applier, once.`,
      details: { capability, installation, found: found ?? null },
    },
  )
}

export function foreignJob(found: string | undefined, { capability, installation }: Claim): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_FOREIGN',
    `A job of ${capability} comes from ${found === undefined ? 'no installation' : `the installation ${found}`}, and this one is ${installation}: its rows are not those of this database.`,
    {
      fix: 'Nothing was written. Look at `installation` of whoever applies and at `strangler sync status`; each installation needs its own id.',
      details: { capability, installation, found: found ?? null },
    },
  )
}
