import { z } from 'zod'

/** What goes over the admin API about the guide. */

export const STEP_IDS = [
  'choose',
  'observe',
  'contract',
  'sync',
  'shadow',
  'canary',
  'cutover',
  'soak',
  'retire',
] as const

export const STAGES = ['observe', 'sync', 'shadow', 'canary', 'owned', 'retired'] as const

export const gateResult = z.object({
  id: z.string(),
  state: z.enum(['pass', 'fail', 'unknown']),
  /** One sentence: what was found. */
  reason: z.string(),
  /** The numbers it looked at, by their names with units. */
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  /** The command that gets what is missing, or mends it; empty when it passes. */
  fix: z.string(),
})
