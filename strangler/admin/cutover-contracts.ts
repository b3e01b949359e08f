import { z } from 'zod'
import { command, line, side, version } from './contracts.ts'

/** What goes over the admin API about the move of an ownership. */

const lose = z.number().int().min(1).max(1_000).optional()

export const cutoverCommand = z.strictObject({
  ...command,
  capability: line(100),
  to: side,
  /** Leaves exactly so many rows behind, which the other side refuses. */
  lose,
})

export const cutoverQuestion = z.strictObject({ capability: line(100), to: side, lose })

export const cutoverAnswer = z.object({
  version,
  cutoverId: z.string(),
  /** For how long the writes were held. */
  heldMs: z.number(),
  /** How long each step took, milliseconds, in their order. */
  steps: z.record(z.string(), z.number()),
  /** Holds of the same command before it that were undone, so that they would not become too long; milliseconds. */
  undoneMs: z.array(z.number()),
})

export const rehearsalAnswer = z.object({
  /** What would refuse the cut-over now. */
  obstacles: z.array(z.object({ reason: z.string(), fix: z.string() })),
  /** How long each part took that could be tried without holding writes. */
  parts: z.record(z.string(), z.number()),
  /** For how long writes would be held. */
  predictedMs: z.number(),
  /** A row of each table, changed at the service and carried back; both sides forget it. Absent with obstacles, and towards the monolith. */
  wayBack: z
    .array(
      z.object({
        table: z.string(),
        outcome: z.enum(['came-back', 'empty', 'refused', 'busy']),
        /** Whose value was changed for it. */
        column: z.string().optional(),
        because: z.string().optional(),
      }),
    )
    .optional(),
})

export type CutoverCommand = z.output<typeof cutoverCommand>
export type CutoverQuestion = z.output<typeof cutoverQuestion>
export type CutoverAnswer = z.output<typeof cutoverAnswer>
export type RehearsalAnswer = z.output<typeof rehearsalAnswer>
