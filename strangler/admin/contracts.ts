import { z } from 'zod'
import { entry, modeSetting, percent, side, version } from './journal-contracts.ts'

export { percent, side, version }

/**
 * What goes over the admin API, both ways. The server checks commands with it, the client checks answers, so CLI, dashboard
 * and server cannot drift apart.
 */

// Shown in terminals later: control characters and direction overrides could make a line say something else.
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text), {
      error: 'has control characters',
    })

/** What every command carries: who gives it, why, and the last version of the journal that its author has seen. */
export const command = {
  expectedVersion: version,
  because: line(500).optional(),
  /** The person's name, for the journal. It is stated, not proven: the token proves the role. */
  as: z
    .string()
    .regex(/^[\p{L}\p{N}._@ -]{1,64}$/u, {
      error: 'may have letters, digits, spaces and . _ @ -, 64 at most',
    })
    .optional(),
}

export const setRouteCommand = z
  .strictObject({
    ...command,
    endpoint: line(500),
    mode: z.enum(['monolith', 'shadow', 'canary', 'service']),
    percent: percent.optional(),
    /** Waives the data rules for this toggle. */
    unsafe: z.boolean().default(false),
  })
  .refine(({ mode, percent }) => (mode === 'canary') === (percent !== undefined), {
    error: 'must be given with mode canary, and with no other',
    path: ['percent'],
  })
export const clearRouteCommand = z.strictObject({ ...command, endpoint: line(500) })
export const evictProxyCommand = z.strictObject({ ...command, id: line(100), because: line(500) })
export const startHoldCommand = z.strictObject({
  ...command,
  capability: line(100),
  /** How long writes are held unless fenced; `hold.maxWaitMs` of the configuration by default. */
  forMs: z.int().min(1).max(60_000).optional(),
})
export const changeHoldCommand = z.strictObject({ ...command, capability: line(100) })

/** A request as a person describes it, to be told where it would go. */
export const whyQuestion = z.strictObject({
  method: z.string().regex(/^[A-Za-z-]{1,32}$/, { error: 'is not a method' }),
  path: z.string().startsWith('/').max(8_192),
  headers: z.record(z.string().max(256), z.string().max(8_192)).default({}),
  /** The value of the capability's unit, wherever requests carry it. */
  user: z.string().min(1).max(1_024).optional(),
  address: z.string().max(64).default('127.0.0.1'),
})

export const historyQuestion = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  before: z.coerce.number().int().min(1).optional(),
  kind: z
    .string()
    .regex(/^[a-z]+\.[a-z]+$/, { error: 'is not a kind like route.set' })
    .optional(),
  /** Somewhere in its author, its reason, or in what it is about. */
  text: line(200).optional(),
})

export const changeQuestion = z.strictObject({ version: z.coerce.number().int().min(1) })

const override = z.object({
  setting: modeSetting,
  unsafe: z.boolean(),
  version,
  at: z.string(),
  by: z.string(),
  because: z.string().optional(),
})

/** `changed: false` when everything was so already, and nothing was written to the journal. */
export const commandAnswer = z.object({
  version,
  changed: z.boolean(),
  entry: entry.optional(),
  /** What whoever gave the command should know of what it will not do. */
  warning: z.string().optional(),
})

export const routesAnswer = z.object({
  version,
  /** False when the control database could not be asked: this is what the process knew last. */
  confirmed: z.boolean(),
  routes: z.array(
    z.object({
      endpoint: z.string(),
      capability: z.string(),
      effect: z.enum(['read', 'write']),
      setting: modeSetting,
      source: z.enum(['config', 'stage', 'override']),
      override: override.optional(),
      /** An operator has said that it is used seldom: no step waits for its requests. */
      isRare: z.literal(true).optional(),
    }),
  ),
  /** Overrides of endpoints that the configuration no longer has; they do nothing until it has them again. */
  orphans: z.array(z.string()),
})

export const whyAnswer = z.object({
  sentence: z.string(),
  /** Absent when the proxy refuses the request. */
  target: side.optional(),
  reason: z.string(),
  endpoint: z.string().optional(),
  capability: z.string().optional(),
  setting: modeSetting.optional(),
  /** What `setting` comes from: `owner` where tables go with the side that owns them, whatever was set. */
  decidedBy: z.enum(['config', 'stage', 'override', 'owner']).optional(),
  bucket: z.number().optional(),
  unitSource: z.string().optional(),
  tableVersion: version,
})

export const historyAnswer = z.object({ entries: z.array(entry) })

/** One line of the journal, and what it has made of the state. */
export const changeAnswer = z.object({
  entry,
  changes: z.array(
    z.object({
      /** e.g. `overrides`, and of which endpoint or capability. */
      part: z.string(),
      of: z.string(),
      /** JSON; absent where there was, or is, nothing. */
      before: z.string().optional(),
      after: z.string().optional(),
    }),
  ),
})

export const proxiesAnswer = z.object({
  version,
  proxies: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['proxy', 'worker']),
      /** A worker's. */
      capability: z.string().optional(),
      /** A worker's: it stops by itself when it has heard nothing for so long. */
      leaseMs: z.number().optional(),
      host: z.string(),
      pid: z.number(),
      startedAt: z.string(),
      seenAt: z.string(),
      tableVersion: version,
      holdsAcknowledged: z.array(z.string()),
    }),
  ),
})

export const holdsAnswer = z.object({
  version,
  holds: z.array(
    z.object({
      id: z.string(),
      capability: z.string(),
      phase: z.enum(['holding', 'fenced']),
      expiresAt: z.string(),
      isExpired: z.boolean(),
      /** Proxies with no write of the capability in flight, and workers of the capability that have paused. */
      acknowledgedBy: z.array(z.string()),
      waitingFor: z.array(z.string()),
    }),
  ),
})

/** An error as it travels (RFC 9457), with the catalogue's code and what mends it. */
export const problem = z.object({
  /** RFC 9457's; `code` says more. */
  type: z.string().optional(),
  status: z.number(),
  title: z.string(),
  code: z.string(),
  detail: z.string(),
  fix: z.string().optional(),
  /** Where the code is explained. */
  help: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
})

export type SetRouteCommand = z.output<typeof setRouteCommand>
export type ClearRouteCommand = z.output<typeof clearRouteCommand>
export type EvictProxyCommand = z.output<typeof evictProxyCommand>
export type StartHoldCommand = z.output<typeof startHoldCommand>
export type ChangeHoldCommand = z.output<typeof changeHoldCommand>
export type WhyQuestion = z.output<typeof whyQuestion>
export type CommandAnswer = z.output<typeof commandAnswer>
export type RoutesAnswer = z.output<typeof routesAnswer>
export type WhyAnswer = z.output<typeof whyAnswer>
export type HistoryAnswer = z.output<typeof historyAnswer>
export type ChangeAnswer = z.output<typeof changeAnswer>
export type ProxiesAnswer = z.output<typeof proxiesAnswer>
export type HoldsAnswer = z.output<typeof holdsAnswer>
export type Problem = z.output<typeof problem>
