import type { GateResult, Position } from '../../core/guide-words.ts'
import type { AutopilotOrder } from '../../core/words.ts'
import { decideMove } from '../../guide/autopilot.ts'
import { checkGates, nextPosition, previousPosition, stepOf } from '../../guide/plan.ts'
import type { GuideSnapshot } from '../../guide/snapshot.ts'
import { undoCostOf } from '../../guide/undo-cost.ts'
import { checkCapability } from '../check-capability.ts'
import { type AdminContext, findPosition } from '../present-state.ts'
import { gatherSnapshot } from './gather-snapshot.ts'
import type { GuideAnswer, GuidedCapability, GuideQuestion } from './migrate-contracts.ts'

/** Where each capability is, what comes next, and what is still missing for it. */
export async function describeGuide(
  context: AdminContext,
  { capability }: GuideQuestion,
): Promise<GuideAnswer> {
  if (capability !== undefined) checkCapability(context, capability)
  const { confirmed, ...position } = await findPosition(context)
  const names = capability === undefined ? Object.keys(context.config.capabilities) : [capability]
  const capabilities: GuidedCapability[] = []
  // One after the other: each asks two databases.
  for (const name of names)
    capabilities.push(
      describeCapability(
        context,
        await gatherSnapshot(context, { capability: name, position }),
        position.state.autopilots?.[name],
      ),
    )
  return { version: position.state.version, confirmed, capabilities }
}

function describeCapability(
  context: AdminContext,
  snapshot: GuideSnapshot,
  order: AutopilotOrder | undefined,
): GuidedCapability {
  const { capability, hasTables, migration, owner, profile, now } = snapshot
  const next = nextPosition(snapshot)
  const back = previousPosition(snapshot)
  const { kind, reason } = undoCostOf(snapshot)
  return {
    ...{ capability, hasTables, owner, profile: profile.name },
    stage: migration?.stage ?? 'observe',
    undo: { kind, reason },
    ...(migration === undefined ? {} : { step: describeStep(migration, now) }),
    ...(next === undefined ? {} : { next: describeNext(next, snapshot) }),
    ...(back === undefined || migration?.stage === 'retired' ? {} : { back: { ...back } }),
    ...describeAutopilot(snapshot, order),
    ...(migration?.stage === 'retired' ? { leftovers: leftoversOf(context, capability) } : {}),
  }
}

function describeAutopilot(
  snapshot: GuideSnapshot,
  order: AutopilotOrder | undefined,
): Pick<GuidedCapability, 'autopilot'> {
  if (order === undefined) return {}
  const move = decideMove(snapshot, order)
  const reason = 'reason' in move ? { reason: move.reason } : {}
  return { autopilot: { until: order.until, does: move.kind, ...reason } }
}

function describeStep(
  { step, percent, enteredAt }: NonNullable<GuideSnapshot['migration']>,
  now: number,
): NonNullable<GuidedCapability['step']> {
  const share = percent === undefined ? {} : { percent }
  return { step, ...share, title: stepOf(step).title, enteredAt, forMs: now - Date.parse(enteredAt) }
}

function describeNext(position: Position, snapshot: GuideSnapshot): NonNullable<GuidedCapability['next']> {
  const { title, why, command } = stepOf(position.step)
  const gates = checkGates(position, snapshot).map(toPlain)
  return { ...position, title, why, command: command(snapshot.capability), gates }
}

export function toPlain(
  gate: GateResult,
): GateResult & { evidence: Record<string, number | string | boolean | null> } {
  return { ...gate, evidence: { ...gate.evidence } }
}

/** What the monolith does not need any more. */
export function leftoversOf(
  { config }: AdminContext,
  capability: string,
): { endpoints: string[]; tables: string[] } {
  const settings = config.capabilities[capability]
  return {
    endpoints: (settings?.endpoints ?? []).map(({ endpoint }) => endpoint),
    tables: (settings?.tables ?? []).map(({ table }) => table),
  }
}
