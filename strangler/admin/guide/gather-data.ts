import type { KeptFindings } from '../../core/evidence-store.ts'
import type { LagWindow } from '../../core/traffic-words.ts'
import type { SyncOrder } from '../../core/words.ts'
import type { CutoverEvidence, DataEvidence } from '../../guide/snapshot.ts'
import type { CapabilitySyncStatus } from '../../sync/capability-sync.ts'
import { directionOf } from '../../sync/database-pair.ts'
import type { Finding } from '../../sync/preflight/findings.ts'

export interface DataQuestion {
  readonly order: SyncOrder | undefined
  /** Absent: its databases do not answer. */
  readonly status: CapabilitySyncStatus | undefined
  readonly lag: LagWindow | undefined
  readonly lagWindowMs: number
  readonly logWindowMs: number
  /** Absent: they were not looked for, or could not be. */
  readonly findings: readonly Finding[] | undefined
  /** Epoch ms: a comparison of rows that began earlier speaks of another owner. */
  readonly ownedSince: number | undefined
  /** The newest comparison of all rows that any process has made. */
  readonly verified: KeptFindings['verify']
}

/** What is known of the copy. Undefined when an installed sync does not answer: nothing of it may be guessed. */
export function toDataEvidence(question: DataQuestion): DataEvidence | undefined {
  const { order, status, lag, lagWindowMs, logWindowMs, findings } = question
  if (order !== undefined && status === undefined) return undefined
  const direction = order === undefined ? 'forward' : directionOf(order)
  const quarantined = status?.quarantine.length ?? 0
  return {
    sync: order?.state ?? 'none',
    direction,
    ...toFindings(findings),
    backfillDone: (order?.backfill === true || order?.whole === true) && lag !== undefined,
    quarantined,
    ...(lag === undefined ? {} : { lagP99Ms: lag.p99Ms(lagWindowMs), logAgeMs: lag.worstMs(logWindowMs) }),
    lagWatchedMs: lag?.watchedMs ?? 0,
    ...toVerify(question),
    strayWrites: (status?.strayWrites ?? []).reduce((sum, { count }) => sum + count, 0),
    notReturnable: direction === 'reverse' ? quarantined : 0,
    ...toBroken(status),
  }
}

function toBroken(status: CapabilitySyncStatus | undefined): Pick<DataEvidence, 'broken'> {
  const broken =
    status?.failure ?? (status?.health?.state === 'broken' ? status.health.problems[0] : undefined)
  return broken === undefined ? {} : { broken }
}

function toFindings(
  findings: readonly Finding[] | undefined,
): Pick<DataEvidence, 'findings' | 'mappingProven' | 'unseen'> {
  if (findings === undefined || findings.some(({ code }) => code === 'DATABASE_UNREACHABLE')) return {}
  const blocking = findings.filter(({ severity }) => severity === 'blocks')
  const counted = { blocking: blocking.length, first: blocking[0]?.reason }
  const unseen = findings.find(({ code }) => code === 'DATABASE_UNSEEN')
  if (unseen !== undefined) return { findings: counted, unseen: { reason: unseen.reason, mend: unseen.mend } }
  return {
    findings: counted,
    // The pre-flight takes real rows there and back.
    mappingProven: !findings.some(({ code }) => code === 'MAPPING_UNFIT'),
  }
}

/** The newest that is known: what this process has made itself, or what was kept of another, or from before a restart. */
function toVerify({ status, order, verified, ownedSince = 0 }: DataQuestion): Pick<DataEvidence, 'verify'> {
  const done = status?.verification?.state === 'done' ? status.verification : undefined
  // A database that was restored since then may hold rows that nobody has compared.
  const own = done?.epoch === order?.epoch ? done?.report : undefined
  const kept = verified?.content.epoch === order?.epoch ? verified : undefined
  const newest = (own?.startedAt ?? 0) > (kept?.content.startedAt ?? 0) ? own : kept?.content
  if (newest === undefined || newest.startedAt < ownedSince) return {}
  const { startedAt: at, compared, missing, extra, different, inFlight } = newest
  const builds = kept?.content.startedAt === at ? kept.builds : undefined
  const diverged = missing + extra + different
  return { verify: { at, compared, diverged, inFlight, ...(builds === undefined ? {} : { builds }) } }
}

export function toRehearsal(
  kept: KeptFindings['rehearsal'],
  epoch: number | undefined,
): Pick<CutoverEvidence, 'dryRun' | 'identitiesFit' | 'wayBack' | 'rehearsedBefore'> {
  if (kept === undefined) return {}
  const { epoch: madeIn, identitiesFit, wayBack: tables, ...found } = kept.content
  if (madeIn === undefined || madeIn !== epoch) return { rehearsedBefore: kept.at }
  const builds = kept.builds === undefined ? {} : { builds: kept.builds }
  const tried = tables === undefined ? {} : { wayBack: { at: kept.at, tables, ...builds } }
  return { identitiesFit, dryRun: { at: kept.at, ...found, ...builds }, ...tried }
}

const WRITERS: readonly Finding['code'][] = ['WRITER_UNKNOWN', 'SCHEDULED_JOBS']
const COUPLINGS: readonly Finding['code'][] = ['COUPLED_TRANSACTIONS', 'CASCADE_FROM_OUTSIDE']

/** Then nobody has looked at who writes the tables. */
const NOT_LOOKED_AT: readonly Finding['code'][] = [
  'DATABASE_UNREACHABLE',
  'DATABASE_NOT_NAMED',
  'DATABASE_UNSEEN',
]

/** Who would fail once the service owns. Undefined while the databases were not looked at. */
export function toWriters(
  findings: readonly Finding[] | undefined,
): Pick<CutoverEvidence, 'writersOutside' | 'couplings'> {
  if (findings === undefined || findings.some(({ code }) => NOT_LOOKED_AT.includes(code))) return {}
  const reasons = (codes: readonly Finding['code'][]) =>
    findings.filter(({ code }) => codes.includes(code)).map(({ reason }) => reason)
  return { writersOutside: reasons(WRITERS), couplings: reasons(COUPLINGS) }
}
