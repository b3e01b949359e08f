import type { SyncCourse, SyncOrder } from '../core/words.ts'
import type { CapabilitySync, CapabilitySyncStatus, InstallChoice } from './capability-sync.ts'
import type { Diagnosis } from './preflight/examine.ts'

/** What the admin API asks of the syncs, by the name of the capability. */
export interface SyncControl {
  /** The id of this installation. @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE while nobody knows it */
  installation(): Promise<string>
  /**
   * Puts capture and guards into the databases; what is there already stays.
   * @throws StranglerError STRANGLER_SYNC_FOREIGN, STRANGLER_SYNC_OUTDATED, STRANGLER_SYNC_REFUSED, STRANGLER_SYNC_DATABASE_UNREACHABLE
   */
  install(capability: string, course: SyncCourse, choice?: InstallChoice): Promise<void>
  /** Takes everything out of both databases again; the copied rows stay. */
  uninstall(capability: string): Promise<void>
  /** What the pre-flight finds in the databases of one capability, or of all; changes nothing. */
  diagnose(capability: string | undefined): Promise<readonly Diagnosis[]>
  status(capability: string, course: SyncCourse): Promise<CapabilitySyncStatus>
  /** As `CapabilitySync` has them. */
  verify(capability: string, order: SyncOrder): ReturnType<CapabilitySync['verify']>
  repair(capability: string, course: SyncCourse): ReturnType<CapabilitySync['repair']>
  explain(
    capability: string,
    course: SyncCourse,
    name: { readonly table: string; readonly key: string },
  ): ReturnType<CapabilitySync['explain']>
}
