import { randomBytes } from 'node:crypto'
import type { EvidenceStore } from './core/evidence-store.ts'
import { COORDINATOR_SILENT_MS } from './guide/cutover.ts'
import type { KitGround } from './kit.ts'
import { type Coordinator, createCoordinator } from './rollout/coordinator.ts'
import { createJournalView } from './rollout/journal-view.ts'
import type { CutoverDatabases, Obstacle } from './rollout/ports.ts'
import { readCarried } from './rollout/read-carried.ts'
import type { SyncHandOver } from './sync/open-hand-over.ts'
import type { SyncPart } from './sync-part.ts'

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
    databaseClock: () => link.registrations.now(),
    openDatabases: async (capability, to) => {
      const handOver = await sync.handOver(capability, to)
      const readLagMs = () => positions.keeper.lagMs(capability)
      return toDatabases(handOver, { capability, readLagMs, evidence: link.evidence })
    },
    holdMs: config.hold.maxWaitMs,
    report: log.report,
    clock: Date.now,
  })
  releases.add('the coordinator of cut-overs', () => coordinator.stop())
  return coordinator
}

interface Surroundings {
  readonly capability: string
  readonly readLagMs: () => number | undefined
  readonly evidence: Pick<EvidenceStore, 'read'>
}

function toDatabases(
  handOver: SyncHandOver,
  { capability, readLagMs, evidence }: Surroundings,
): CutoverDatabases {
  return {
    ...handOver,
    async readiness() {
      const [left, obstacles] = await Promise.all([handOver.readLeft(), findObstacles(capability, handOver)])
      return { ...left, lagMs: readLagMs(), obstacles }
    },
    recentKeys: async (cutoverId) =>
      handOver.recentKeys() ??
      (cutoverId === undefined ? undefined : await readCarried(evidence, { capability, cutoverId })),
    alignIdentities: async (token) =>
      (await handOver.alignIdentities(token)).map(({ table, column }) => `${table}.${column}`),
  }
}

async function findObstacles(capability: string, handOver: SyncHandOver): Promise<Obstacle[]> {
  const fix = `\`strangler sync status ${capability}\` shows how far it is.`
  const spent = await handOver.alignIdentities()
  return [
    ...(handOver.health()?.problems ?? []).map((reason) => ({ reason, fix })),
    ...spent.map(({ table, column, next, last }) => ({
      reason: `${table}.${column} on the other side ends at ${last}, and the next number is ${next}`,
      fix: 'Give the column a larger type there.',
      about: 'identities' as const,
    })),
  ]
}
