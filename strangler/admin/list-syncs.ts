import { sayWithFix } from '../core/errors.ts'
import type { SyncOrder } from '../core/words.ts'
import type { CapabilitySyncStatus } from '../sync/capability-sync.ts'
import { directionOf } from '../sync/database-pair.ts'
import { type AdminContext, findPosition } from './present-state.ts'
import type { SyncAnswer } from './sync-contracts.ts'

/** Every capability with tables: what the journal says of its sync, and what its databases show. */
export async function listSyncs(context: AdminContext): Promise<SyncAnswer> {
  const { state, confirmed } = await findPosition(context)
  const owners = Object.entries(context.config.capabilities).filter(([, { tables }]) => tables.length > 0)
  const syncs = await Promise.all(
    owners.map(async ([capability, { tables }]) => {
      const order = state.syncs?.[capability]
      const names = tables.map(({ table }) => table)
      if (order === undefined) return { capability, tables: names, state: 'not installed' as const }
      const { epoch, lost, pause } = order
      return {
        capability,
        tables: names,
        ...{
          state: order.state,
          epoch,
          direction: directionOf(order),
          ...(lost === undefined ? {} : { lost }),
          ...(pause === undefined ? {} : { pause }),
        },
        ...(await readLive(context, capability, order)),
      }
    }),
  )
  const installation = await context.sync?.installation().catch(() => undefined)
  const named = installation === undefined ? {} : { installation }
  return { version: state.version, confirmed, ...named, syncs }
}

/** A database that does not answer is part of the answer. */
async function readLive({ sync }: AdminContext, capability: string, order: SyncOrder) {
  if (sync === undefined) return {}
  try {
    const status = await sync.status(capability, order)
    const problem = status.failure === undefined ? {} : { problem: status.failure }
    return { ...problem, live: toLive(status) }
  } catch (error) {
    return { problem: sayWithFix(error) }
  }
}

function toLive(status: CapabilitySyncStatus) {
  const { runsHere, lagMs, entries, running, quarantine, verification, health } = status
  const rows = quarantine.map(({ tbl, key, version, error, attempts }) => ({
    table: tbl ?? '',
    key: key ?? '',
    version: version ?? '',
    error: error ?? '',
    attempts: Number(attempts ?? 0),
  }))
  const strayWrites = status.strayWrites.map((one) => ({
    ...{ ...one, by: [...one.by] },
    rows: one.rows.map((row) => ({ ...row, columns: [...row.columns] })),
  }))
  const basic = {
    runsHere,
    lagMs,
    entries,
    quarantine: rows,
    strayWrites,
    ...showVerification(verification),
    ...showHealth(health),
  }
  if (running === undefined) return basic
  const { inFlight, waiting, p99Ms, appliedPerSecond, throttled } = running.source
  const { epoch, backfill, queue, warnings, expectedRows } = running
  return {
    ...basic,
    ...{ epoch, inFlight, waiting, p99Ms, appliedPerSecond, warnings: [...warnings] },
    ...(throttled === undefined ? {} : { throttled }),
    ...(queue === undefined ? {} : { queue }),
    ...(expectedRows === undefined ? {} : { expectedRows }),
    ...(backfill === undefined ? {} : { backfill }),
  }
}

function showHealth(health: CapabilitySyncStatus['health']) {
  if (health === undefined) return {}
  const { state, checkedAt, problems, unwatched } = health
  const looked = checkedAt === undefined ? {} : { checkedAt: new Date(checkedAt).toISOString() }
  return { health: { state, ...looked, problems: [...problems], unwatched: [...unwatched] } }
}

function showVerification(verification: CapabilitySyncStatus['verification']) {
  if (verification === undefined) return {}
  const { state } = verification
  if (state === 'failed') return { verify: { state, error: verification.error } }
  if (state === 'running') {
    const { compared, inFlight, missing, extra, different } = verification.progress ?? {}
    return { verify: { state, compared, inFlight, missing, extra, different } }
  }
  const { startedAt, tookMs, compared, inFlight, missing, extra, different, samples } = verification.report
  const shown = samples.map(({ table, key, kind, columns }) => ({
    ...{ table, key, kind },
    columns: columns.map(({ column }) => column),
  }))
  const counts = { compared, inFlight, missing, extra, different, tookMs }
  return { verify: { state, startedAt: new Date(startedAt).toISOString(), ...counts, samples: shown } }
}
