import { z } from 'zod'
import { command, commandAnswer, line, percent, version } from '../contracts.ts'
import { gateResult, STAGES, STEP_IDS } from '../guide-contracts.ts'

/** What goes over the admin API about migrating a capability, both ways. */

const gateId = z.string().regex(/^[a-z][a-z-]{0,60}$/, { error: 'is not the name of a gate' })
const profile = z.enum(['default', 'demo'])
const overridable = {
  ...command,
  capability: line(100),
  /** Gates that are passed although they are closed; needs `because`. */
  override: z.array(gateId).max(20).default([]),
}

export const nextCommand = z.strictObject({
  ...overridable,
  /** Only with the first step; it stays the capability's own. */
  profile: profile.optional(),
  /** Refused unless this is the next step: nobody moves the ownership by counting wrong. */
  only: z.literal('cutover').optional(),
  /** This share of the users at once, past the smaller ones; 100 is blue-green. */
  percent: percent.optional(),
})
export const backCommand = z.strictObject({
  ...command,
  capability: line(100),
  toStart: z.boolean().default(false),
  /** To this share of the users at once; 0: nobody reads from the service any more, and it is shadowed. */
  percent: percent.optional(),
  /** Takes the sync out of both databases, once nothing needs it any more. */
  uninstall: z.boolean().default(false),
  /** Leaves exactly so many rows behind, which the monolith refuses. */
  lose: z.int().min(1).max(1_000).optional(),
})
export const retireCommand = z.strictObject({ ...overridable })
export const autoCommand = z.strictObject({
  ...command,
  capability: line(100),
  /** `all` passes the cut-over and retire too: for tests and demos. */
  until: z.enum(['cutover', 'all', 'off']).default('cutover'),
})
export const rareCommand = z.strictObject({
  ...command,
  endpoint: line(500),
  because: line(500),
  rare: z.boolean().default(true),
})
export const guideQuestion = z.strictObject({ capability: line(100).optional() })

const position = z.object({ step: z.enum(STEP_IDS), percent: percent.optional() })

const step = z.object({
  ...position.shape,
  title: z.string(),
  why: z.string(),
  /** What takes it. */
  command: z.string(),
  gates: z.array(gateResult),
})

/** What can be deleted from the monolith once a capability is retired. */
const leftovers = z.object({ endpoints: z.array(z.string()), tables: z.array(z.string()) })

export const guidedCapability = z.object({
  capability: z.string(),
  hasTables: z.boolean(),
  stage: z.enum(STAGES),
  profile,
  owner: z.enum(['monolith', 'service']),
  /** Absent before the first step. */
  step: position.extend({ title: z.string(), enteredAt: z.string(), forMs: z.number() }).optional(),
  /** What going back costs now. */
  undo: z.object({ kind: z.enum(['free', 'needs-reverse-sync', 'impossible']), reason: z.string() }),
  /** The step after this one, with what its gates say now; absent after the last. */
  next: step.optional(),
  /** Where `back` leads; absent at the first. */
  back: position.optional(),
  /** While it is on: what it does now, and why. `call`: a person must decide. */
  autopilot: z
    .object({
      until: z.enum(['cutover', 'all']),
      does: z.enum(['next', 'hold', 'back', 'call', 'done']),
      reason: z.string().optional(),
    })
    .optional(),
  leftovers: leftovers.optional(),
})

export const guideAnswer = z.object({
  version,
  confirmed: z.boolean(),
  capabilities: z.array(guidedCapability),
})

export const stepAnswer = z.object({
  ...commandAnswer.shape,
  capability: z.string(),
  /** Where it stands now. */
  position,
  gates: z.array(gateResult),
  overridden: z.array(z.string()),
  /** How long writes were held, where the ownership has moved. */
  heldMs: z.number().optional(),
  /** How long the holds before that were, which the kit has undone and tried again by itself. */
  undoneMs: z.array(z.number()).optional(),
  leftovers: leftovers.optional(),
})

export const retireQuestion = z.strictObject({ capability: line(100) })
export const retireRehearsal = z.object({ capability: z.string(), gates: z.array(gateResult), leftovers })

export type NextCommand = z.output<typeof nextCommand>
export type BackCommand = z.output<typeof backCommand>
export type RetireCommand = z.output<typeof retireCommand>
export type AutoCommand = z.output<typeof autoCommand>
export type RareCommand = z.output<typeof rareCommand>
export type GuideQuestion = z.output<typeof guideQuestion>
export type GuidedCapability = z.output<typeof guidedCapability>
export type GuideAnswer = z.output<typeof guideAnswer>
export type StepAnswer = z.output<typeof stepAnswer>
export type RetireRehearsal = z.output<typeof retireRehearsal>
