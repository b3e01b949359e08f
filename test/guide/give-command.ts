import { goBack } from '../../strangler/admin/guide/back-command.ts'
import type { StepAnswer } from '../../strangler/admin/guide/migrate-contracts.ts'
import { retireCapability } from '../../strangler/admin/guide/retire-command.ts'
import { takeNext } from '../../strangler/admin/guide/step-commands.ts'
import type { AdminContext, Author } from '../../strangler/admin/present-state.ts'
import { backfillSync, installSync, pauseSync, uninstallSync } from '../../strangler/admin/sync-commands.ts'
import type { RouteState } from '../../strangler/core/words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { gatesOf } from '../../strangler/guide/plan.ts'
import type { Act, MemoryJournal } from './guide-world.ts'
import { CAPABILITY, followingOf } from './world-setting.ts'

/** What an operator does with the guide or the sync; undefined for what is no command. @throws the command's refusal */
export async function giveCommand(
  context: AdminContext,
  { entries, state }: MemoryJournal,
  act: Act,
): Promise<StepAnswer | undefined> {
  const common = {
    capability: CAPABILITY,
    expectedVersion: act.kind === 'late' ? entries.length - 1 : entries.length,
  }
  if (act.kind === 'late') return takeNext(context, { ...common, override: [] }, author(false))
  if (act.kind === 'sync') return changeSync(context, common, act)
  if (act.kind === 'back') return goBack(context, { ...common, ...act }, author(true))
  if (act.kind !== 'next' && act.kind !== 'retire') return undefined
  const override = gatesToPass(state(), act.override)
  const share = act.kind === 'next' && act.percent !== undefined ? { percent: act.percent } : {}
  if (act.kind === 'next') return takeNext(context, { ...common, override, ...share }, author(act.because))
  return retireCapability(context, { ...common, override }, author(act.because))
}

async function changeSync(
  context: AdminContext,
  common: { capability: string; expectedVersion: number },
  { change, unsafe, because }: Extract<Act, { kind: 'sync' }>,
): Promise<undefined> {
  const by = author(because)
  if (change === 'install') await installSync(context, common, by)
  else if (change === 'backfill') await backfillSync(context, common, by)
  else if (change === 'uninstall') await uninstallSync(context, { ...common, unsafe }, by)
  else {
    const kind = change === 'pause' ? 'sync.paused' : 'sync.resumed'
    await pauseSync(context, { ...common, kind }, by)
  }
}

function author(because: boolean): Author {
  return { role: 'operator', ...(because ? { because: 'a reason' } : {}) }
}

function gatesToPass(state: RouteState, which: 'none' | 'all' | 'one'): string[] {
  const next = followingOf(state)
  if (next === undefined || which === 'none') return []
  const ids = gatesOf(next.step, GATE_PROFILES.default).map(({ id }) => id)
  return which === 'all' ? ids : ids.slice(0, 1)
}
