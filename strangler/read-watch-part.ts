import type { RouteState } from './core/words.ts'
import { GATE_PROFILES } from './guide/gate-profile.ts'
import { silentFrom } from './guide/silent-monolith.ts'
import { createReadWatch, type ReadStanding, type ReadWatch } from './sync/read-watch.ts'
import type { SyncPartOptions } from './sync-part.ts'

/** Of every capability whose tables in the monolith can be looked at: who else reads them, once the service owns them and has soaked. */
export function createReadWatches(
  { config, evidence, report }: Pick<SyncPartOptions, 'config' | 'evidence' | 'report'>,
  state: () => RouteState | undefined,
): ReadWatch[] {
  const url = config.sides['monolith']?.database
  if (url === undefined) return []
  return Object.entries(config.capabilities)
    .filter(([, { tables }]) => tables.length > 0)
    .map(([capability, { tables, shadowPercent }]) =>
      createReadWatch({
        ...{ capability, tables, store: evidence, clock: Date.now, report },
        monolith: { side: 'monolith', url },
        standing: () => standingOf(state(), capability, shadowPercent),
      }),
    )
}

function standingOf(
  state: RouteState | undefined,
  capability: string,
  shadowPercent: number,
): ReadStanding | undefined {
  const migration = state?.migrations?.[capability]
  const order = state?.syncs?.[capability]
  const silent = silentFrom(migration, shadowPercent)
  if (migration === undefined || order?.direction !== 'reverse' || silent === undefined) return undefined
  return { epoch: order.epoch, silentFrom: silent, soakMs: GATE_PROFILES[migration.profile].soakMs }
}
