import type { Position } from '../../core/guide-words.ts'
import {
  checkWayBack,
  isAhead,
  listPositions,
  previousPosition,
  sharePosition,
  startPosition,
} from '../../guide/plan.ts'
import type { GuideSnapshot } from '../../guide/snapshot.ts'
import { type AdminContext, type Author, appendDecision, standNow } from '../present-state.ts'
import { uninstallSync } from '../sync-commands.ts'
import type { BackCommand, StepAnswer } from './migrate-contracts.ts'
import { moveOwnership } from './move-ownership.ts'
import { gateClosed, refused } from './refuse-step.ts'
import { enterEvent, standAtStep } from './step-commands.ts'

const AT_REST = { changed: true, gates: [], overridden: [] }

/** One step back, or to the start. It needs no evidence; from an owned stage it moves the ownership, and that must be safe. */
export async function goBack(
  context: AdminContext,
  command: BackCommand,
  author: Author,
): Promise<StepAnswer> {
  const { capability, toStart, uninstall } = command
  let { expectedVersion } = command
  let { snapshot, state } = await standAtStep(context, command)
  let position = findWayBack(snapshot, command)
  const movesOwnership = snapshot.hasTables && snapshot.owner === 'service'
  if (movesOwnership) {
    const { lose } = command
    const shut = checkWayBack(snapshot).filter(({ state }) => state === 'fail')
    // Who says how many rows may be lost is held to that very number by the cut-over.
    if (shut.length > 0 && lose === undefined) throw gateClosed(capability, position, shut)
    const { version, ...held } = await moveOwnership(context, {
      ...{ capability, to: 'monolith', expectedVersion, author, lose },
    })
    expectedVersion = version
    // The journal has put it to the step shadow by that.
    if (!toStart) return { ...AT_REST, capability, position, version, ...held }
    ;({ state } = await standNow(context))
    position = startPosition(snapshot)
  }
  const event = enterEvent(snapshot, state, { position, gates: [], back: true })
  const answer = await appendDecision(context, event, { expectedVersion, author })
  const done = { capability, position, gates: [], overridden: [] }
  if (!uninstall || !mayUninstall(snapshot, position)) return { ...answer, ...done }
  const { version } = await uninstallSync(context, { capability, expectedVersion: answer.version }, author)
  return { ...answer, version, ...done }
}

function findWayBack(
  snapshot: GuideSnapshot,
  { toStart, percent }: Pick<BackCommand, 'toStart' | 'percent'>,
): Position {
  const { capability, migration } = snapshot
  if (migration === undefined) throw refused(capability, 'It has taken no step yet.')
  if (migration.stage === 'retired')
    throw refused(capability, 'It is retired, and the monolith does not know what was written since.')
  if (percent !== undefined) {
    const share = sharePosition(snapshot, percent)
    const isBehind = share !== undefined && !isAhead(snapshot, share)
    if (isBehind && (migration.step !== share.step || migration.percent !== share.percent)) return share
    throw refused(capability, `No way back leads to ${percent} % of the users from where it stands.`)
  }
  const start = startPosition(snapshot)
  if (toStart && isAfter(snapshot, start)) return start
  const before = previousPosition(snapshot)
  if (before === undefined || toStart) throw refused(capability, 'It stands at its start.')
  return before
}

/** Whether the capability stands behind a position. */
function isAfter({ migration, profile, hasTables }: GuideSnapshot, { step }: Position): boolean {
  const steps = listPositions(profile, hasTables).map((one) => one.step)
  return migration !== undefined && steps.indexOf(migration.step) > steps.indexOf(step)
}

function mayUninstall({ profile, hasTables }: GuideSnapshot, position: Position): boolean {
  const steps = listPositions(profile, hasTables).map(({ step }) => step)
  return hasTables && steps.indexOf(position.step) < steps.indexOf('shadow')
}
