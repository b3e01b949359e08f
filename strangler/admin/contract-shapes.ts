import { z } from 'zod'
import { line } from './contracts.ts'

/** What goes over the admin API about the contracts of capabilities, both ways. */

export const contractQuestion = z.strictObject({ capability: line(100) })
export const recordTask = z.strictObject({ capability: line(100) })
export const verifiedTask = z.strictObject({
  capability: line(100),
  /** Of the document that was checked against; `digest` of `GET /api/contract`. */
  digest: z.string().regex(/^[0-9a-f]{24}$/),
  pass: z.boolean(),
  failures: z.int().min(0).max(100_000),
  /** The service's build that answered. */
  build: z.string().regex(/^[\w.+:@/, -]{1,600}$/),
  /** Where it was asked; the service's own address when it is absent. */
  target: line(2_000).optional(),
})

const check = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  pass: z.boolean(),
  failures: z.number(),
  build: z.string(),
})

const recorded = z.object({
  build: z.string(),
  digest: z.string(),
  endpoints: z.number(),
  recordedAt: z.string(),
  /** The newest check of the service against this document. */
  verified: check.optional(),
})

export const contractAnswer = z.object({
  capability: z.string(),
  /** Where the service is, for whoever checks it. */
  target: z.string(),
  /** What the monolith's build of now has been seen with; absent when nothing was seen yet. */
  learnt: z
    .object({
      build: z.string(),
      lastSeenAt: z.string(),
      endpoints: z.array(z.object({ endpoint: z.string(), exchanges: z.number() })),
    })
    .optional(),
  /** Endpoints that have answered nobody yet, or only with streams. */
  unseen: z.array(z.string()),
  recorded: recorded.optional(),
  /** The recorded document: OpenAPI 3.1. */
  document: z.record(z.string(), z.unknown()).optional(),
})

export const verifiedAnswer = z.object({
  kept: z.boolean(),
  /** Why not: another document has been recorded meanwhile, or what was asked is the monolith itself. */
  because: z.enum(['another-contract', 'monolith']).optional(),
})

export type ContractAnswer = z.output<typeof contractAnswer>
export type VerifiedTask = z.output<typeof verifiedTask>
export type VerifiedAnswer = z.output<typeof verifiedAnswer>
