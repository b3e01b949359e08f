import { randomBytes } from 'node:crypto'
import { COORDINATOR_SILENT_MS } from './guide/cutover.ts'
import type { KitGround } from './kit.ts'
import { type Coordinator, createCoordinator } from './rollout/coordinator.ts'
import { createJournalView } from './rollout/journal-view.ts'
import type { CutoverDatabases, Obstacle } from './rollout/ports.ts'
import type { SyncHandOver } from './sync/capability-sync.ts'
import type { SyncPart } from './sync-part.ts'

/** A cut-over does not begin while the copy is further behind. */
const MOST_LAG_MS = 5_000

/** What moves the ownership, in every process that has the databases. */
export function startRolloutPart(
  { config, link, log, positions, releases }: Omit<KitGround, 'sync' | 'rollout'>,
  sync: SyncPart,
): Coordinator {
  const holder = `coordinator-${randomBytes(6).toString('hex')}`
  const coordinator = createCoordinator({
    readState: createJournalView(link.journal),
    append: (entry) => link.journal.append(entry),
    listRegistrations: () => link.registrations.list(),
    holdLease: (cutoverId) => link.cutoverLeases.hold(cutoverId, holder, COORDINATOR_SILENT_MS),
    databaseClock: () => link.cutoverLeases.now(),
    openDatabases: async (capability, to) => {
      const handOver = await sync.handOver(capability, to)
      return toDatabases(handOver, () => lookAtSync(capability, handOver, positions.keeper.lagMs(capability)))
    },
    holdMs: config.hold.maxWaitMs,
    report: log.report,
    clock: Date.now,
  })
  releases.add('the coordinator of cut-overs', () => coordinator.stop())
  return coordinator
}

function toDatabases(handOver: SyncHandOver, lookAround: () => Promise<Obstacle[]>): CutoverDatabases {
  return {
    ...handOver,
    async readiness() {
      const [left, obstacles] = await Promise.all([handOver.readLeft(), lookAround()])
      return { ...left, obstacles }
    },
    recentKeys: async () => handOver.recentKeys(),
    alignIdentities: async () =>
      (await handOver.alignIdentities()).map(({ table, column }) => `${table}.${column}`),
  }
}

async function lookAtSync(
  capability: string,
  handOver: SyncHandOver,
  lagMs: number | undefined,
): Promise<Obstacle[]> {
  const status = `\`strangler sync status ${capability}\` shows how far it is.`
  const spent = await handOver.alignIdentities({ isRehearsal: true })
  return [
    ...(lagMs === undefined
      ? [{ reason: 'the other side is no whole copy yet, or its sync does not run', fix: status }]
      : []),
    ...(lagMs !== undefined && lagMs > MOST_LAG_MS
      ? [{ reason: `the copy is ${Math.round(lagMs / 1_000)} s behind`, fix: status }]
      : []),
    ...(handOver.health()?.problems ?? []).map((reason) => ({ reason, fix: status })),
    ...spent.map(({ table, column, next, last }) => ({
      reason: `${table}.${column} on the other side ends at ${last}, and the next number is ${next}`,
      fix: 'Give the column a larger type there.',
      about: 'identities' as const,
    })),
  ]
}
