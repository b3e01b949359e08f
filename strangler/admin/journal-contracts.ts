import { z } from 'zod'
import { gateResult, STAGES, STEP_IDS } from './guide-contracts.ts'

/** The journal as it goes over the admin API: what was decided, line by line. */

/** The journal counts in PostgreSQL's integer. */
export const version = z.int().min(0).max(2_147_483_647)
export const percent = z.number().min(0).max(100).multipleOf(0.01, { error: 'has more than two decimals' })
export const side = z.enum(['monolith', 'service'])

export const modeSetting = z.discriminatedUnion('mode', [
  z.object({ mode: z.enum(['monolith', 'shadow', 'service']) }),
  z.object({ mode: z.literal('canary'), percent }),
])

const stageEntered = z.object({
  kind: z.literal('stage.entered'),
  capability: z.string(),
  step: z.enum(STEP_IDS),
  stage: z.enum(STAGES),
  percent: percent.optional(),
  profile: z.enum(['default', 'demo']),
  /** What the gates said when it was entered. */
  gates: z.array(gateResult).readonly(),
  overridden: z.array(z.string()).readonly().optional(),
  back: z.literal(true).optional(),
})

const event = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('route.set'),
    endpoint: z.string(),
    setting: modeSetting,
    unsafe: z.literal(true).optional(),
  }),
  z.object({ kind: z.literal('route.cleared'), endpoint: z.string() }),
  z.object({
    kind: z.literal('hold.started'),
    capability: z.string(),
    holdId: z.string(),
    expiresAt: z.number(),
  }),
  z.object({
    kind: z.enum(['hold.fenced', 'hold.released', 'hold.aborted']),
    capability: z.string(),
    holdId: z.string(),
  }),
  z.object({ kind: z.literal('proxy.evicted'), registration: z.string() }),
  z.object({
    kind: z.literal('sync.started'),
    capability: z.string(),
    epoch: z.number(),
    backfill: z.literal(true).optional(),
    direction: z.literal('reverse').optional(),
    lost: z.enum(['source', 'target']).optional(),
  }),
  z.object({ kind: z.enum(['sync.paused', 'sync.resumed', 'sync.ended']), capability: z.string() }),
  z.object({
    kind: z.literal('cutover.announced'),
    capability: z.string(),
    announcementId: z.string(),
    to: side,
  }),
  z.object({
    kind: z.literal('cutover.started'),
    capability: z.string(),
    cutoverId: z.string(),
    to: side,
    expiresAt: z.number(),
  }),
  z.object({
    kind: z.literal('owner.changed'),
    capability: z.string(),
    owner: side,
    epoch: z.number(),
    cutoverId: z.string(),
  }),
  z.object({ kind: z.literal('cutover.aborted'), capability: z.string(), cutoverId: z.string() }),
  z.object({ kind: z.literal('build.deployed'), side: z.string(), build: z.string() }),
  z.object({
    kind: z.literal('difference.accepted'),
    endpoint: z.string(),
    path: z.string(),
    difference: z.string(),
    owner: z.string(),
    expiresAt: z.string(),
  }),
  z.object({ kind: z.literal('difference.rejected'), acceptance: z.string() }),
  stageEntered,
  z.object({
    kind: z.literal('autopilot.started'),
    capability: z.string(),
    until: z.enum(['cutover', 'all']),
  }),
  z.object({ kind: z.literal('autopilot.stopped'), capability: z.string() }),
  z.object({ kind: z.literal('endpoint.rare'), endpoint: z.string(), rare: z.boolean() }),
])

export const entry = z.object({
  version,
  at: z.string(),
  by: z.string(),
  because: z.string().optional(),
  event,
})
