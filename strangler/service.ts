/** Small helpers that run inside an extracted service. Everything else is internal. */
export { type FollowOwnerOptions, followOwner, type Ownership } from './service/follow-owner.ts'
export type { Worker } from './service/worker.ts'
