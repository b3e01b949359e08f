import type { EvidenceStore } from '../../core/evidence-store.ts'
import type { Clock } from '../../core/ports.ts'
import type { LagWindow, TrafficStore } from '../../core/traffic-words.ts'
import type { Finding } from '../../sync/preflight/findings.ts'
import type { SyncControl } from '../../sync/sync-control.ts'

/** Where the guide's evidence comes from, besides what the admin API has anyway. */
export interface GuideSources {
  readonly traffic: TrafficStore
  /** Undefined while nothing is heard of the copy. */
  lagOf(capability: string): LagWindow | undefined
  readonly findings: FindingsCache
  readonly evidence: EvidenceStore
}

const GOOD_FOR_MS = 60_000

/** The pre-flight counts rows, so its answer is kept for a while. */
export interface FindingsCache {
  /** Undefined when the databases cannot be looked at. */
  read(sync: SyncControl | undefined, capability: string): Promise<readonly Finding[] | undefined>
  /** Something has changed in the databases. */
  forget(capability: string): void
}

export function createFindingsCache(clock: Clock): FindingsCache {
  const kept = new Map<string, { at: number; findings: Promise<readonly Finding[] | undefined> }>()
  return {
    read(sync, capability) {
      const present = kept.get(capability)
      if (present !== undefined && clock() - present.at < GOOD_FOR_MS) return present.findings
      const findings = (sync?.diagnose(capability) ?? Promise.resolve([])).then(
        (diagnoses) => diagnoses.find((one) => one.capability === capability)?.findings,
        // It says nothing, which is what its reader is told.
        () => undefined,
      )
      kept.set(capability, { at: clock(), findings })
      return findings
    },
    forget: (capability) => void kept.delete(capability),
  }
}
