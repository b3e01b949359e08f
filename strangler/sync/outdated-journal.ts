import { StranglerError } from '../core/errors.ts'
import { hasKitTable, readEpoch, readRole } from './bookkeeping.ts'
import { type Claim, claimDatabases } from './claim-database.ts'
import type { SyncDatabase } from './database.ts'

/** The newest epoch that one of these remembers, in which a sync is installed. */
export async function readNewestEpoch(
  databases: readonly SyncDatabase[],
  capability: string,
): Promise<number> {
  const epochs = await Promise.all(
    databases.map(async (database) => {
      const [state] = await database.query(readEpoch(database.dialect.name, capability))
      return Number(state?.['epoch'] ?? 0)
    }),
  )
  return Math.max(0, ...epochs)
}

/** The same where nobody knows yet whether one is installed: 0 where the kit has left nothing. */
export async function findNewestEpoch(
  databases: readonly SyncDatabase[],
  capability: string,
): Promise<number> {
  const kept = await Promise.all(databases.map((database) => hasKitTable(database, 'sync_state')))
  return readNewestEpoch(
    databases.filter((_, index) => kept[index]),
    capability,
  )
}

export interface InstallStand {
  /** The monolith's, and the service's where it can be reached. */
  readonly databases: readonly [SyncDatabase, ...SyncDatabase[]]
  readonly claim: Claim
  /** The epoch that would begin. */
  readonly epoch: number
  /** The version of the journal, read anew. Default: it has the line of this epoch. */
  readonly readVersion?: (() => Promise<number>) | undefined
  readonly takeOver?: boolean | undefined
}

/**
 * An applier drops what is of an older epoch than its database knows, so a sync of such a journal would carry nothing, for ever. Where they were to be taken over they
 * are claimed all the same: the uninstallation that mends it would be refused otherwise.
 * @throws StranglerError STRANGLER_SYNC_OUTDATED
 */
export async function refuseOutdated(stand: InstallStand): Promise<void> {
  const { databases, claim, epoch, readVersion, takeOver = false } = stand
  const { capability } = claim
  const known = await findNewestEpoch(databases, capability)
  if (known < epoch) return
  // A command that was overtaken by another one fails at its line, which says so.
  if (known <= ((await readVersion?.()) ?? epoch)) return
  if (takeOver) {
    const kept = await Promise.all(databases.map((database) => hasKitTable(database, 'checkpoint')))
    await claimDatabases(
      databases.filter((_, index) => kept[index]),
      claim,
      { takeOver },
    )
  }
  throw outdatedJournal({ capability, known, epoch, owner: await readFormerOwner(databases[0], capability) })
}

/** Of the monolith's database; undefined where no sync of it has run. */
async function readFormerOwner(monolith: SyncDatabase, capability: string): Promise<string | undefined> {
  if (!(await hasKitTable(monolith, 'sync_state'))) return undefined
  const [state] = await monolith.query(readRole(monolith.dialect.name, capability))
  if (state === undefined) return undefined
  return state['role'] === 'target' ? 'service' : 'monolith'
}

interface OutdatedJournal {
  readonly capability: string
  readonly known: number
  readonly epoch: number
  readonly owner?: string | undefined
}

export function outdatedJournal({ capability, known, epoch, owner }: OutdatedJournal): StranglerError {
  const owned = owner === undefined ? '' : ` When its sync ran last, the ${owner} owned it.`
  const steps = ['uninstall', 'install', 'backfill', 'verify'].map((step) => `\`${step}\``)
  return new StranglerError(
    'STRANGLER_SYNC_OUTDATED',
    `A database of ${capability} knows epoch ${known}, and this is epoch ${epoch}: it would drop every change as outdated. The control database was made anew, or restored to an older state; or the database is a copy.${owned}`,
    {
      fix: `When it is sure who owns ${capability}, begin anew, with \`strangler sync … ${capability}\`: ${steps.join(', ')}, and \`repair\` for rows that were deleted in between. Where the journal has passed version ${known}, \`strangler sync backfill ${capability}\` is enough.`,
      details: { capability, known, epoch },
    },
  )
}
