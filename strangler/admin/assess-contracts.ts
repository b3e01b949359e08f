import { z } from 'zod'

const component = z.object({ name: z.string(), weight: z.number(), says: z.string() })

const times = z.object({ count: z.number(), totalMs: z.number(), medianMs: z.number(), p95Ms: z.number() })

const dataFacts = z.object({
  tables: z.array(z.object({ table: z.string(), rows: z.number(), writes: z.number().optional() })),
  cutKeys: z.array(
    z.object({ table: z.string(), other: z.string(), way: z.enum(['in', 'out']), cascades: z.boolean() }),
  ),
  couplings: z.array(z.object({ table: z.string(), other: z.string(), seen: z.number() })),
})

export const assessAnswer = z.object({
  facts: z.object({
    capabilities: z.array(
      z.object({
        capability: z.string(),
        endpoints: z.array(
          z.object({
            ...{ endpoint: z.string(), requests: z.number(), failures: z.number() },
            times: times.optional(),
          }),
        ),
        data: dataFacts.optional(),
      }),
    ),
    /** Requests that no capability names. */
    elsewhere: z.number(),
    /** Why the database tells nothing. */
    databaseProblem: z.string().optional(),
    /** Programs that are connected to the monolith's database. */
    sessions: z.array(z.object({ role: z.string(), application: z.string() })),
  }),
  /** The one that hurts most for the least that must be cut comes first. */
  ranking: z.array(
    z.object({
      capability: z.string(),
      /** Each from 0 to 1. */
      benefit: z.array(component),
      cost: z.array(component),
      /** Mean of the benefits less mean of the costs. */
      score: z.number(),
      /** What was not measured. */
      unknown: z.array(z.string()),
    }),
  ),
})

export type AssessAnswer = z.output<typeof assessAnswer>
