/** Small helpers that run inside an extracted service. Everything else is internal. */
export { createDryRun, type DryRunMiddleware, type DryRunOptions } from './service/dry-run/create-dry-run.ts'
export { type FollowOwnerOptions, followOwner, type Ownership } from './service/follow-owner.ts'
export { guardEffect, type ShadowContext, shadowContext } from './service/shadow-context.ts'
export type { Worker } from './service/worker.ts'
