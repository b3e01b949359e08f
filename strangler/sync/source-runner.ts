import type { SyncCourse, SyncOrder } from '../core/words.ts'
import { claimDatabases } from './claim-database.ts'
import { directionOf } from './database-pair.ts'
import { createFollower, type Follower } from './follower.ts'
import { findNewestEpoch, outdatedJournal } from './outdated-journal.ts'
import { type SourceAccess, unseen } from './source-access.ts'
import { type SourceParts, startSourceParts } from './source-parts.ts'
import type { SourceSyncOptions } from './source-sync.ts'

/** Makes what runs of the source's half the same as what the journal wants. */
export interface SourceRunner extends Follower {
  current(): SourceParts | undefined
}

/** As the runner of a whole sync, for a source whose target another program keeps. */
export function createSourceRunner(options: SourceSyncOptions, access: SourceAccess): SourceRunner {
  const { capability, service, full, report } = options
  let current: { readonly epoch: number; readonly parts: SourceParts } | undefined

  async function endCurrent(): Promise<void> {
    const ending = current
    current = undefined
    await ending?.parts.stop()
  }
  async function settle(wanted: SyncOrder | undefined): Promise<void> {
    const order = wanted === undefined || isReverse(wanted) ? undefined : wanted
    if (current !== undefined && order?.epoch !== current.epoch) await endCurrent()
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) current = await begin(order)
    if (mayStart) await current?.parts.resume()
    else await current?.parts.pause()
    if (wanted !== undefined && isReverse(wanted) && full === undefined)
      throw unseen(capability, service, 'carry changes back')
  }
  async function begin(order: SyncOrder): Promise<typeof current> {
    const claim = await access.claim()
    const transport = await access.transport()
    const ends = { transport, source: await access.source(), routes: await access.readRoutes() }
    await claimDatabases([ends.source], claim)
    const known = await findNewestEpoch([ends.source], capability)
    if (known > order.epoch) throw outdatedJournal({ capability, known, epoch: order.epoch })
    return { epoch: order.epoch, parts: await startSourceParts({ ...options, ...claim, ...ends, order }) }
  }
  const follower = createFollower({ settle, onFailure: (error) => report(`sync.${capability}`, error) })
  return { ...follower, current: () => current?.parts }
}

export function isReverse(course: SyncCourse): boolean {
  return directionOf(course) === 'reverse'
}
