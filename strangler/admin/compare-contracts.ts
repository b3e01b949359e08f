import { z } from 'zod'
import { command, line } from './contracts.ts'

/** What goes over the admin API about the comparison, both ways. */

const differenceKind = z.enum([
  ...[
    'missing',
    'extra',
    'type',
    'value',
    'order',
    'length',
    'status',
    'header',
    'content-type',
    'undecodable',
  ],
] as const)

const hours = z.coerce.number().min(0.1).max(336).default(24)
const where = { capability: line(100).optional(), endpoint: line(500).optional() }

export const reportQuestion = z.strictObject({ ...where, hours })
export const samplesQuestion = z.strictObject({
  ...where,
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** Those too that show nothing but noise. */
  all: z.enum(['true', 'false']).default('false'),
})
export const sampleQuestion = z.strictObject({ id: line(40) })
export const replayTask = z.strictObject({
  id: line(40),
  /** Instead of what was masked: credentials above all. */
  headers: z.record(z.string().min(1).max(256), z.string().max(8_192)).default({}),
})
export const acceptCommand = z.strictObject({
  ...command,
  endpoint: line(500),
  /** A path glob, as the report names places. */
  path: line(500),
  kind: z.union([differenceKind, z.literal('any')]).default('any'),
  owner: line(100),
  because: line(500),
  days: z.int().min(1).max(365).default(30),
})
export const rejectCommand = z.strictObject({ ...command, id: line(40) })
export const deployCommand = z.strictObject({
  ...command,
  side: line(100),
  build: z.string().regex(/^[\w.+:@/-]{1,100}$/, {
    error: 'may have letters, digits and . _ + : @ / -, 100 at most',
  }),
})

/** A count, what it is of, and its share with the 95 % interval (Wilson); null of nothing. */
const share = z.object({
  count: z.number(),
  of: z.number(),
  share: z.number().nullable(),
  low: z.number(),
  high: z.number(),
})

const latency = z.object({ p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() })

const reportedDifference = z.object({
  endpoint: z.string(),
  path: z.string(),
  kind: z.string(),
  /** `real`: the sides differ; `noise`: the monolith differs from itself as often; `unknown`: too few to tell. */
  verdict: z.enum(['real', 'noise', 'unknown']),
  /** Of noise: the exchanges that a bug at this place would have to change until it is called real beside it. */
  foundFrom: share.optional(),
  isAccepted: z.boolean(),
  /** Exchanges that differ here, of all that were compared. */
  differing: share,
  /** Those for which the monolith was asked once more, and of these the ones that it differed from itself in. */
  calibrated: z.number(),
  noisy: z.number(),
  /** Siblings that differ with it, on average: low is a root cause, high is collateral. */
  weight: z.number(),
  /** Enough was seen for a gate to rely on the verdict. */
  isSettled: z.boolean(),
})

const reportedEndpoint = z.object({
  endpoint: z.string(),
  /** Exchanges that were to be compared, by what came of them. */
  eligible: z.number(),
  /** Beside these: left out by lot, because processors were short or nothing could be compared for a while. */
  gaveWay: z.number(),
  coverage: share,
  match: z.number(),
  accepted: z.number(),
  mismatch: z.number(),
  lag: z.number(),
  skipped: z.record(z.string(), z.number()),
  /** Of the compared ones: all that differ; then only noise, only accepted, not known yet, and real. */
  rates: z.object({ raw: share, noise: share, accepted: share, unknown: share, net: share }),
  /** Of the same exchanges on both sides. */
  latency: z.object({ monolith: latency, service: latency }).optional(),
  /** Differences at paths beyond the bound of 500. */
  overflow: z.number(),
  shapes: z.object({
    seen: z.number(),
    /** Compared three times at least. */
    covered: share,
    /** Never compared, twenty at most. */
    never: z.array(z.string()),
  }),
})

export const reportAnswer = z.object({
  since: z.string(),
  capabilities: z.array(
    z.object({
      capability: z.string(),
      /** Absent when nothing was compared yet. A deploy or another configuration begins a new one. */
      basis: z
        .object({
          monolithBuild: z.string(),
          serviceBuild: z.string(),
          fingerprint: z.string(),
          firstSeenAt: z.string(),
        })
        .optional(),
      /** Why the comparison says nothing of a service: the monolith itself stands at its address. */
      warning: z.string().optional(),
      /** The worst first: real ones by their share, then by weight. */
      differences: z.array(reportedDifference),
      endpoints: z.array(reportedEndpoint),
    }),
  ),
})

const difference = z.object({
  kind: z.string(),
  path: z.string(),
  count: z.number(),
  weight: z.number(),
  primary: z.string().optional(),
  shadow: z.string().optional(),
})

const sampleLine = z.object({
  id: z.string(),
  at: z.string(),
  capability: z.string(),
  endpoint: z.string(),
  /** By all that is known now: `mismatch` at least one real difference, `unknown` too few to tell, `noise`, `accepted`. */
  verdict: z.enum(['mismatch', 'unknown', 'noise', 'accepted']),
  primary: z.enum(['monolith', 'service']),
  correlationId: z.string(),
  differences: z.array(difference),
})

export const samplesAnswer = z.object({
  samples: z.array(sampleLine),
  /** Left out of these, because they show nothing but noise. */
  noise: z.number(),
})

const keptAnswer = z.object({
  status: z.number(),
  headers: z.array(z.string()),
  body: z.string(),
  tookMs: z.number(),
})
const keptRequest = z.object({
  method: z.string(),
  target: z.string(),
  headers: z.array(z.string()),
  body: z.string().optional(),
})

export const sampleAnswer = z.object({
  sample: sampleLine.extend({
    request: keptRequest,
    answers: z.object({ primary: keptAnswer, shadow: keptAnswer }),
  }),
})

/** The sides asked again, now. */
export const replayAnswer = z.object({
  id: z.string(),
  /** Which side is measured by: the one that answered the client then. */
  primary: z.enum(['monolith', 'service']),
  /** Why there is no comparison: `skipped`, with its reason. */
  skipped: z.string().optional(),
  differences: z.array(difference),
  answers: z.object({ primary: keptAnswer, shadow: keptAnswer }).optional(),
})

export const rulesAnswer = z.object({
  endpoints: z.array(z.object({ endpoint: z.string(), rules: z.record(z.string(), z.unknown()) })),
  accepted: z.array(
    z.object({
      id: z.string(),
      endpoint: z.string(),
      path: z.string(),
      kind: z.string(),
      owner: z.string(),
      because: z.string(),
      at: z.string(),
      expiresAt: z.string(),
      isExpired: z.boolean(),
    }),
  ),
})

export const exportAnswer = z.object({ fileName: z.string(), text: z.string() })

export type ReportQuestion = z.output<typeof reportQuestion>
export type ReportAnswer = z.output<typeof reportAnswer>
export type SamplesQuestion = z.output<typeof samplesQuestion>
export type SamplesAnswer = z.output<typeof samplesAnswer>
export type SampleAnswer = z.output<typeof sampleAnswer>
export type ReplayTask = z.output<typeof replayTask>
export type ReplayAnswer = z.output<typeof replayAnswer>
export type RulesAnswer = z.output<typeof rulesAnswer>
export type ExportAnswer = z.output<typeof exportAnswer>
export type AcceptCommand = z.output<typeof acceptCommand>
export type RejectCommand = z.output<typeof rejectCommand>
export type DeployCommand = z.output<typeof deployCommand>
