import { setTimeout as delay } from 'node:timers/promises'
import { countOf } from '../core/count-of.ts'
import type { Cutover, Hold, JournalEvent, Registration, RouteState } from '../core/words.ts'
import { leaseLeftMs } from '../core/worker-lease.ts'
import { type CutoverStep, decideBefore, nextStep, whyAbort } from '../guide/cutover.ts'
import { sayFailedStep, UNDO_REASONS, UndoError, type UndoReason } from '../guide/undo-reasons.ts'
import { firstTokenOf } from './check-cutover.ts'
import { isInTime, withoutTheOther } from './in-time.ts'
import { type KeptLease, keepLease } from './keep-lease.ts'
import type { CutoverDatabases, RolloutPorts, RowKeys } from './ports.ts'
import { collectKeys, countKeys, type KeySet, keysBeyond, keysOf, showKeys } from './row-keys.ts'

const LOOK_EVERY_MS = 20
const RETRY_AFTER_MS = 200
/** What has to end, once it is decided either way, is tried for as long as it takes; each attempt for so long. */
const ATTEMPT_MS = 2_000

/** How long each step took, milliseconds, in the order in which they were first done. */
export type StepTimes = ReadonlyMap<CutoverStep, number>

/** How a cut-over ended, as far as this process was there. */
export type DriveEnd =
  | {
      readonly kind: 'over'
      readonly failure: string | undefined
      /** This process has undone it, to the end, for no other reason than that its time was over. */
      readonly isLate: boolean
      /** It is this process that has fenced it. */
      readonly isFenced: boolean
      readonly times: StepTimes
    }
  /** Somebody else drives it. */
  | { readonly kind: 'left' }

export interface DriveOptions {
  readonly capability: string
  readonly cutoverId: string
  readonly databases: CutoverDatabases
  /** Rows that may be left behind: these, whatever their number is. */
  readonly lose: RowKeys
  readonly isStopped: () => boolean
}

interface Drive extends DriveOptions {
  readonly ports: RolloutPorts
  readonly done: Set<CutoverStep>
  readonly times: Map<CutoverStep, number>
  /** What was seen on its way since the writes ended: the newest changes, which the other process may not have told of. */
  readonly seen: KeySet
  failure: string | undefined
  isLate: boolean
}

/**
 * Drives a cut-over to its end, whatever its end is: whoever calls it goes on from where the journal stands. It may be called by several processes
 * at once, and by one that was frozen meanwhile.
 */
export async function driveCutover(ports: RolloutPorts, options: DriveOptions): Promise<DriveEnd> {
  const fresh = { done: new Set<CutoverStep>(), times: new Map<CutoverStep, number>(), seen: collectKeys() }
  const drive: Drive = { ...options, ...fresh, ports, failure: undefined, isLate: false }
  const lease = keepLease(ports, options.cutoverId)
  try {
    return await driveOn(drive, lease)
  } finally {
    lease.stop()
  }
}

async function driveOn(drive: Drive, lease: KeptLease): Promise<DriveEnd> {
  const { ports, capability, cutoverId } = drive
  while (!drive.isStopped()) {
    try {
      const [isMine, state] = await Promise.all([lease.isMine(), ports.readState()])
      if (!isMine) return { kind: 'left' }
      const cutover = state.cutovers?.[capability]
      if (cutover?.id !== cutoverId) return endOf(drive)
      await takeStep(drive, state, cutover)
    } catch (error) {
      ports.report('cutover.drive', error)
      await delay(RETRY_AFTER_MS)
    }
  }
  return { kind: 'left' }
}

function endOf({ failure, isLate, times, done }: Drive): DriveEnd {
  // Whoever was frozen meanwhile, and finds it undone by somebody else, begins nothing.
  return {
    ...{ kind: 'over', failure, times },
    isLate: isLate && done.has('end-undo'),
    isFenced: done.has('fence'),
  }
}

/** The first thing that has failed counts. */
function fail(drive: Drive, hold: Hold | undefined, failure: string): void {
  if (drive.failure !== undefined) return
  drive.failure = failure
  drive.isLate = hold !== undefined && drive.ports.clock() >= decideBefore(hold)
}

async function takeStep(drive: Drive, state: RouteState, cutover: Cutover): Promise<void> {
  const { ports, done, times } = drive
  const hold = state.holds[drive.capability]
  const position = { cutover, hold, done, failure: drive.failure, now: ports.clock() }
  const step = nextStep(position)
  if (step === 'abort') fail(drive, hold, whyAbort(position) ?? UNDO_REASONS.elsewhere.says)
  const began = performance.now()
  try {
    const work = STEPS[step]({ drive, state, cutover, hold })
    if (await isInTime(work, bounded.has(step) ? hold : undefined, ports)) done.add(step)
    else fail(drive, hold, sayFailedStep(step, new UndoError('late', 'no answer in time')))
  } catch (error) {
    if (isConflict(error)) return
    // Installed anew, or restored: what is to be done under that is read from the journal anew. Only time ends what changes again and again.
    if (isOvertaken(error) && (await drive.databases.readLots())) return
    // Decided or undone it has to end; before that, one thing that fails is reason enough to let the writes go on.
    if (cutover.phase !== 'started' || step === 'abort') throw error
    ports.report(`cutover.${step}`, error)
    fail(drive, hold, sayFailedStep(step, error))
  } finally {
    times.set(step, Math.round((times.get(step) ?? 0) + performance.now() - began))
  }
}

/** What waits for an answer of either database before the decision. Lines of the journal count once, so they are seen to their end. */
const bounded: ReadonlySet<CutoverStep> = new Set([
  ...(['await-acknowledgements', 'fence', 'close-source', 'drain', 'compare', 'align'] as const),
])

/** The journal has moved on: what is to be done now is read from it anew. */
function isConflict(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'STRANGLER_VERSION_CONFLICT'
}

/** The databases know somebody who has begun later. */
function isOvertaken(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'STRANGLER_SYNC_CONFLICT'
}

interface StepScene {
  readonly drive: Drive
  readonly state: RouteState
  readonly cutover: Cutover
  readonly hold: Hold | undefined
}

type TakeStep = (scene: StepScene) => Promise<void>

const STEPS = {
  'await-acknowledgements': async ({ drive, cutover, hold }) => {
    const acknowledged = until(drive, hold, 'unacknowledged', async () => {
      const missing = await readMissing(drive.ports, cutover)
      return missing.length === 0 ? undefined : missing.map(({ id }) => id).join(', ')
    })
    const close = async () => {
      await drive.databases.enter(tokenOf(cutover))
      await drive.databases.closeTarget(tokenOf(cutover), deadlineOf(drive, hold))
    }
    await Promise.all([acknowledged, close()])
  },
  fence: async ({ drive, state, cutover }) => {
    // What is carried before the fence is told of by who carries it; what is not carried yet is seen here, or later.
    await look(drive)
    await append(drive, state, { kind: 'hold.fenced', capability: drive.capability, holdId: cutover.id })
  },
  'close-source': async ({ drive, cutover, hold }) => {
    // Whoever has taken over behind the fence has not entered yet.
    if (!drive.done.has('await-acknowledgements')) await drive.databases.enter(tokenOf(cutover))
    await drive.databases.closeSource(tokenOf(cutover), deadlineOf(drive, hold))
    drive.databases.hurry()
  },
  drain: ({ drive, hold }) =>
    until(drive, hold, 'onTheWay', async () => {
      const { pending, refused } = await look(drive)
      const carried = countKeys(pending)
      if (carried > 0) return `${countOf(carried, 'row is', 'rows are')} on the way`
      const others = keysBeyond(keysOf(refused), drive.lose)
      return others.size > 0
        ? `${countOf(countKeys(others), 'row is', 'rows are')} refused by the other side: ${showKeys(others)}`
        : undefined
    }),
  compare: async ({ drive, cutover, hold }) => {
    await until(drive, hold, 'untold', async () => {
      const recent = await drive.databases.recentKeys(cutover.id)
      if (recent === undefined) return 'no process that runs the sync has told them'
      drive.seen.add(recent)
      return undefined
    })
    const different = await drive.databases.findDifferent(drive.seen.read())
    const others = keysBeyond(different, drive.lose)
    const count = countKeys(others)
    if (count > 0) throw new UndoError('different', `${countOf(count, 'row')}: ${showKeys(others)}`)
  },
  align: async ({ drive, cutover }) => {
    const spent = await drive.databases.alignIdentities(tokenOf(cutover))
    if (spent.length > 0) throw new UndoError('numbersSpent', spent.join(', '))
  },
  decide: ({ drive, state, cutover: { id: cutoverId, to: owner } }) =>
    append(drive, state, {
      ...{ kind: 'owner.changed', capability: drive.capability, owner, cutoverId },
      epoch: state.version + 1,
    }),
  'open-target': async ({ drive, cutover }) => {
    // Whoever is late with a step before the decision closes nothing any more, and forgets nothing of the new owner's log.
    const token = tokenOf(cutover, 'open')
    const { databases, ports } = drive
    const open = async () => {
      await databases.enter(token, 'target')
      await databases.openTarget(token, ports.clock() + ATTEMPT_MS)
    }
    await withoutTheOther(ports, open(), databases.enter(token, 'source'))
  },
  release: ({ drive, state, cutover }) =>
    append(drive, state, { kind: 'hold.released', capability: drive.capability, holdId: cutover.id }),
  abort: ({ drive, state, cutover }) =>
    append(
      drive,
      state,
      { kind: 'cutover.aborted', capability: drive.capability, cutoverId: cutover.id },
      drive.failure,
    ),
  'open-source': async ({ drive, cutover }) => {
    // First it is made sure that nobody who comes late closes it again.
    const token = tokenOf(cutover, 'undo')
    const { databases, ports } = drive
    const open = async () => {
      await databases.enter(token, 'source')
      await databases.openSource(token, ports.clock() + ATTEMPT_MS)
    }
    const ease = async () => {
      await databases.enter(token, 'target')
      await databases.easeTarget(token, ports.clock() + ATTEMPT_MS)
    }
    await withoutTheOther(ports, open(), ease())
  },
  'end-undo': ({ drive, state, cutover }) =>
    append(drive, state, { kind: 'hold.aborted', capability: drive.capability, holdId: cutover.id }),
} satisfies Record<CutoverStep, TakeStep>

async function look(drive: Drive): ReturnType<CutoverDatabases['readLeft']> {
  const left = await drive.databases.readLeft()
  drive.seen.add(left.pending)
  return left
}

/** Three numbers a cut-over: what is done before its decision, its undoing, and the opening of the new owner. */
function tokenOf({ since }: Cutover, part: 'close' | 'undo' | 'open' = 'close'): number {
  return firstTokenOf(since) + { close: 0, undo: 1, open: 2 }[part]
}

async function append(drive: Drive, state: RouteState, event: JournalEvent, because?: string): Promise<void> {
  await drive.ports.append({
    ...{ event, by: 'kit', expectedVersion: state.version },
    ...(because === undefined ? {} : { because }),
  })
}

function deadlineOf(drive: Drive, hold: Hold | undefined): number {
  return hold === undefined ? drive.ports.clock() : decideBefore(hold)
}

/** Leases are dated by the control database, whose clock alone says when they are over. It is asked first: who is frozen in between takes nobody for dead. */
async function readMissing(ports: RolloutPorts, cutover: Cutover): Promise<Registration[]> {
  const now = await ports.databaseClock()
  return findMissing(await ports.listRegistrations(), cutover, now)
}

/** Whoever has not said that nothing of his is in flight; a worker that has lost touch stops by itself. */
export function findMissing(
  registrations: readonly Registration[],
  { id, capability }: Pick<Cutover, 'id' | 'capability'>,
  now: number,
): Registration[] {
  return registrations.filter((one) => {
    if (one.holdsAcknowledged.includes(id)) return false
    if (one.kind === 'proxy') return true
    return one.capability === capability && leaseLeftMs(one, now) > 0
  })
}

/** Looks again and again; at the deadline it fails with what was missing last. */
async function until(
  drive: Drive,
  hold: Hold | undefined,
  reason: UndoReason,
  look: () => Promise<string | undefined>,
): Promise<void> {
  const { ports } = drive
  for (;;) {
    const missing = await look()
    if (missing === undefined) return
    if (drive.isStopped() || ports.clock() >= deadlineOf(drive, hold)) throw new UndoError(reason, missing)
    await delay(LOOK_EVERY_MS)
  }
}
