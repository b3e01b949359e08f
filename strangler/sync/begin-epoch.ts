import type { SyncOrder } from '../core/words.ts'
import { at, hasKitTable, kitTable, raiseEpoch, readEpoch } from './bookkeeping.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { findLost, type LostDatabase, peerName, renewIncarnations } from './incarnation.ts'
import type { TableRoute } from './mapping.ts'
import { outdatedJournal, readNewestEpoch } from './outdated-journal.ts'

export interface BeginEpochOptions extends DatabaseRoles {
  readonly capability: string
  readonly order: SyncOrder
  readonly routes: readonly TableRoute[]
}

/**
 * Before the first job: one of an older epoch may still wait in the queue. Any number of processes may begin the same epoch.
 * @throws StranglerError STRANGLER_SYNC_OUTDATED when one of them knows a later one
 * @returns the database that has lost what it had; nothing has begun then
 */
export async function beginEpoch(options: BeginEpochOptions): Promise<LostDatabase | undefined> {
  const { capability, order, source, target } = options
  const known = await readNewestEpoch([source, target], capability)
  if (known > order.epoch) throw outdatedJournal({ capability, known, epoch: order.epoch })
  const isAnew = order.backfill === true && known < order.epoch
  const lost = await findLost(options, isAnew ? whereItMatters(order) : undefined)
  if (lost !== undefined) return lost
  await enter(target, 'target', options)
  await enter(source, 'source', options)
  await renewIncarnations(options)
  return undefined
}

/**
 * Where every row is copied anew, it does not matter what the target was before that. The log of a source that was restored, or filled from a dump, is emptied
 * first, which only an epoch does that was begun for it.
 */
function whereItMatters({ lost }: SyncOrder): LostDatabase['role'][] {
  return lost === 'source' ? [] : ['source']
}

/** Whoever raises the epoch does what belongs to its beginning, in the same transaction: it happens once. */
async function enter(
  database: SyncDatabase,
  role: 'source' | 'target',
  { capability, order, routes }: BeginEpochOptions,
): Promise<void> {
  const dialect = database.dialect.name
  if (order.backfill === true) await createDatabaseCheckpoints(database).read(peerName(capability))
  const hasLog = await hasKitTable(database, 'change_log')
  await database.transaction(async (run) => {
    const { sql, params } = readEpoch(dialect, capability)
    const [state] = await run({ sql: `${sql} FOR UPDATE`, params })
    if (Number(state?.['epoch'] ?? -1) >= order.epoch) return
    if (order.backfill === true) {
      await run({
        sql: `DELETE FROM ${kitTable(dialect, 'checkpoint')} WHERE name = ${at(dialect, 1)}`,
        params: [peerName(capability)],
      })
    }
    // The versions of a restored log may be ahead of those to come. Every row is read after this.
    if (role === 'source' && order.lost === 'source' && hasLog) {
      for (const { source } of routes) {
        for (const sql of database.dialect.forgetChanges(source.table.name)) await run({ sql, params: [] })
      }
    }
    await run(raiseEpoch(dialect, { capability, role, epoch: order.epoch }))
  })
}
