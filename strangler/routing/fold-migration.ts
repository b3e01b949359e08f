import type { Migration, Stage } from '../core/guide-words.ts'
import type { JournalEntry, JournalEvent, ModeSetting, RouteState } from '../core/words.ts'

type StageEntered = Extract<JournalEvent, { kind: 'stage.entered' }>
type Migrations = NonNullable<RouteState['migrations']>

/** A step of the guide was taken. The first canary of a capability brings the salt of its buckets. */
export function foldStage(
  state: RouteState,
  { version, at }: JournalEntry,
  event: StageEntered,
): Pick<RouteState, 'migrations' | 'salts'> {
  const { capability, step, stage, percent, profile, basis, salt } = event
  const migration: Migration = {
    ...{ step, stage, profile, version, enteredAt: at },
    ...(percent === undefined ? {} : { percent }),
    ...(basis === undefined ? {} : { basis }),
  }
  const isNewSalt = salt !== undefined && state.salts[capability] === undefined
  return {
    migrations: { ...state.migrations, [capability]: migration },
    salts: isNewSalt ? { ...state.salts, [capability]: salt } : state.salts,
  }
}

/**
 * The ownership has moved, so the stage has too, whoever did it. Away from the service reads go back as well: nobody takes the data from a
 * side whose answers are trusted.
 */
export function followOwner(
  migrations: Migrations | undefined,
  { version, at }: JournalEntry,
  { capability, owner }: Extract<JournalEvent, { kind: 'owner.changed' }>,
): Migrations | undefined {
  const before = migrations?.[capability]
  if (before === undefined) return migrations
  const { percent: _percent, ...rest } = before
  const place =
    owner === 'service'
      ? ({ step: 'cutover', stage: 'owned' } as const)
      : ({ step: 'shadow', stage: 'shadow' } as const)
  return { ...migrations, [capability]: { ...rest, ...place, version, enteredAt: at } }
}

/** What a stage says about the requests of an endpoint, where no operator has said otherwise. */
export function settingOfStage(
  { stage, percent = 0 }: { stage: Stage; percent?: number },
  effect: 'read' | 'write',
): ModeSetting {
  if (stage === 'owned' || stage === 'retired') return { mode: 'service' }
  if (effect === 'write' || stage === 'observe' || stage === 'sync') return { mode: 'monolith' }
  return stage === 'shadow' ? { mode: 'shadow' } : { mode: 'canary', percent }
}
