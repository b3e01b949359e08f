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
  readonly logWindowMs: number
  /** Absent: they were not looked for, or could not be. */
  readonly findings: readonly Finding[] | undefined
  /** Epoch ms: a comparison of rows that began earlier speaks of another owner. */
  readonly ownedSince: number | undefined
}

/** What is known of the copy. Undefined when an installed sync does not answer: nothing of it may be guessed. */
export function toDataEvidence(question: DataQuestion): DataEvidence | undefined {
  const { order, status, lag, logWindowMs, findings } = question
  if (order !== undefined && status === undefined) return undefined
  const direction = order === undefined ? 'forward' : directionOf(order)
  const quarantined = status?.quarantine.length ?? 0
  return {
    sync: order?.state ?? 'none',
    direction,
    ...toFindings(findings),
    backfillDone: (order?.backfill === true || order?.whole === true) && lag !== undefined,
    quarantined,
    ...(lag === undefined ? {} : { lagP99Ms: lag.p99Ms, logAgeMs: lag.worstMs(logWindowMs) }),
    lagWatchedMs: lag?.watchedMs ?? 0,
    ...toVerify(status, question.ownedSince),
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
): Pick<DataEvidence, 'findings' | 'mappingProven'> {
  if (findings === undefined || findings.some(({ code }) => code === 'DATABASE_UNREACHABLE')) return {}
  const blocking = findings.filter(({ severity }) => severity === 'blocks')
  return {
    findings: { blocking: blocking.length, first: blocking[0]?.reason },
    // The pre-flight takes real rows there and back.
    mappingProven: !findings.some(({ code }) => code === 'MAPPING_UNFIT'),
  }
}

function toVerify(status: CapabilitySyncStatus | undefined, since = 0): Pick<DataEvidence, 'verify'> {
  const { verification } = status ?? {}
  if (verification?.state !== 'done' || verification.report.startedAt < since) return {}
  const { startedAt: at, compared, missing, extra, different, inFlight } = verification.report
  return { verify: { at, compared, diverged: missing + extra + different, inFlight } }
}

const WRITERS: readonly Finding['code'][] = ['WRITER_UNKNOWN', 'SCHEDULED_JOBS']
const COUPLINGS: readonly Finding['code'][] = ['COUPLED_TRANSACTIONS', 'CASCADE_FROM_OUTSIDE']

/** Who would fail once the service owns. Undefined while the databases were not looked at. */
export function toWriters(
  findings: readonly Finding[] | undefined,
): Pick<CutoverEvidence, 'writersOutside' | 'couplings'> {
  if (findings === undefined) return {}
  const reasons = (codes: readonly Finding['code'][]) =>
    findings.filter(({ code }) => codes.includes(code)).map(({ reason }) => reason)
  return { writersOutside: reasons(WRITERS), couplings: reasons(COUPLINGS) }
}
