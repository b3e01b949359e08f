/** Small helpers that run inside an extracted service. Everything else is internal. */
export { createDryRun, type DryRunMiddleware, type DryRunOptions } from './service/dry-run/create-dry-run.ts'
export {
  createEvents,
  type EventHandler,
  type Events,
  type EventsOptions,
  type RepeatableWork,
} from './service/events/create-events.ts'
export type { ServiceEvent } from './service/events/event-words.ts'
export { type FollowOwnerOptions, followOwner, type Ownership } from './service/follow-owner.ts'
export { guardEffect, type ShadowContext, shadowContext } from './service/shadow-context.ts'
export { createSyncApplier, type SyncApplier, type SyncApplierOptions } from './service/sync-applier.ts'
export type { Worker } from './service/worker.ts'
