import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { StranglerError } from '../core/errors.ts'
import type { RouteState, Side } from '../core/words.ts'
import { mendOfUndo, UNDO_REASONS } from '../guide/undo-reasons.ts'
import { ownerOf } from '../routing/fold-cutover.ts'
import { announceCutover } from './announce-cutover.ts'
import { checkReadiness, checkToken } from './check-cutover.ts'
import type { DriveEnd } from './drive-cutover.ts'
import { holdForMs, mayTryAgain, pauseBefore, placeOf, TRY_FOR_MS } from './hold-budget.ts'
import type { CoordinatorOptions, CutoverDatabases, RowKeys } from './ports.ts'
import { keysOf } from './row-keys.ts'
import { checkStanding, PREPARE_WITHIN_MS, refuse } from './standing.ts'

const LOOK_EVERY_MS = 250
const END_WITHIN_MS = 10_000

/** A cut-over that somebody has asked for. Gates are not its business. */
export interface CutoverRequest {
  readonly capability: string
  readonly to: Side
  readonly expectedVersion: number
  readonly by: string
  readonly because?: string | undefined
  /** How many rows that the other side refuses are left behind. */
  readonly lose?: number | undefined
}

export interface CutoverReport {
  readonly cutoverId: string
  /** The journal's version once it was over. */
  readonly version: number
  /** Of the writes, as far as this process knows. */
  readonly heldMs: number
  readonly steps: Readonly<Record<string, number>>
  /** How long the holds before it were, which were undone so that they would not become too long. */
  readonly undoneMs: readonly number[]
}

export interface NamedCutover {
  readonly cutoverId: string
  readonly capability: string
  /** The rows that may be left behind. */
  readonly lose: RowKeys
}

export interface CutoverMeans extends CoordinatorOptions {
  readonly drive: (name: NamedCutover, databases: CutoverDatabases) => Promise<DriveEnd>
}

/** What came of one hold. */
interface Attempted {
  /** In the row of attempts. */
  readonly place: number
  readonly cutoverId: string
  readonly end: DriveEnd
  /** Once it was over. */
  readonly state: RouteState
  /** Of the line that began it. */
  readonly since: number
  readonly lose: RowKeys
  readonly heldMs: number
}

/** Tries until it is done, or until it has failed for another reason than that it would have held writes for too long. */
export async function cutOver(means: CutoverMeans, request: CutoverRequest): Promise<CutoverReport> {
  const { capability, to } = request
  refuse(capability, await checkStanding(means, request))
  const databases = await means.openDatabases(capability, to)
  const began = performance.now()
  const failed: Attempted[] = []
  let { expectedVersion } = request
  let next = 0
  try {
    // Once more: whoever was frozen until the databases were open prepares nothing where the sync was uninstalled meanwhile.
    refuse(capability, await checkStanding(means, request))
    for (;;) {
      const attempt = { ...request, expectedVersion, next, agreed: failed[0]?.lose }
      const attempted = await attemptOnce(means, databases, attempt).catch((error: unknown) => {
        const last = failed.at(-1)
        // The copy may be behind now, by what the first attempt has waited for: that one says more.
        throw last === undefined ? error : undone(request, last)
      })
      if (ownerOf(attempted.state, capability) === to) return reportMoved(attempted, failed)
      failed.push(attempted)
      next = attempted.place + 1
      const pauseMs = pauseBefore(next)
      if (pauseMs === undefined || !canTryAgain(attempted)) throw undone(request, attempted)
      expectedVersion = attempted.state.version
      await delay(pauseMs)
      // Measured last: whoever was frozen until now begins nothing any more.
      if (performance.now() - began > TRY_FOR_MS) throw undone(request, attempted)
    }
  } finally {
    await databases.stop()
  }
}

interface AttemptRequest extends CutoverRequest {
  readonly next: number
  /** The rows that the first attempt would have left behind: no later one leaves others. */
  readonly agreed: RowKeys | undefined
}

async function attemptOnce(
  means: CutoverMeans,
  databases: CutoverDatabases,
  { next, agreed, ...request }: AttemptRequest,
): Promise<Attempted> {
  const { capability, to, because, by, expectedVersion, lose: count = 0 } = request
  const readiness = await databases.readiness()
  refuse(capability, checkReadiness(readiness, { capability, to, lose: count }))
  const lose = agreed ?? keysOf(readiness.refused)
  await databases.prepare(means.clock() + PREPARE_WITHIN_MS)
  const { newest } = await databases.readTokens()
  // In this order: another cut-over that has begun meanwhile is in the journal by then, and a conflict.
  refuse(capability, checkToken(newest, { capability, version: (await means.readState()).version }))
  const announced = await announceCutover(means, { capability, to, by, expectedVersion })
  refuse(capability, announced.obstacle === undefined ? [] : [announced.obstacle])
  const cutoverId = `cutover-${randomBytes(6).toString('hex')}`
  // Before anybody can see it: otherwise another process might take it for one that nobody drives.
  await means.holdLease(cutoverId)
  const place = placeOf({ next, isQuick: announced.isQuick })
  const forMs = holdForMs({ place, holdMs: means.holdMs })
  const event = { kind: 'cutover.started' as const, capability, cutoverId, to }
  const { version: since } = await means.append({
    ...{ event: { ...event, expiresAt: means.clock() + forMs }, by, expectedVersion: announced.version },
    ...(because === undefined ? {} : { because }),
  })
  const began = performance.now()
  const end = await means.drive({ cutoverId, capability, lose }, databases)
  const state = await waitForEnd(means, cutoverId)
  return { place, cutoverId, end, state, since, lose, heldMs: Math.round(performance.now() - began) }
}

function canTryAgain({ end, state, since }: Attempted): boolean {
  return end.kind === 'over' && mayTryAgain({ ...end, since, version: state.version })
}

function reportMoved(
  { cutoverId, end, state, heldMs }: Attempted,
  failed: readonly Attempted[],
): CutoverReport {
  const steps = end.kind === 'over' ? Object.fromEntries(end.times) : {}
  const undoneMs = failed.map((one) => one.heldMs)
  return { cutoverId, version: state.version, heldMs, steps, undoneMs }
}

function undone({ capability, to }: CutoverRequest, { end, heldMs }: Attempted): StranglerError {
  const { elsewhere, takenOver } = UNDO_REASONS
  const failure = end.kind === 'over' ? (end.failure ?? elsewhere.says) : takenOver.says
  const fix = mendOfUndo(failure)
  return new StranglerError(
    'STRANGLER_CUTOVER_UNDONE',
    `The cut-over of ${capability} to the ${to} was undone after ${heldMs} ms: ${failure}.`,
    fix === undefined ? {} : { fix },
  )
}

/** Another process may have taken it over; it ends there as well. */
async function waitForEnd(
  { readState }: Pick<CoordinatorOptions, 'readState'>,
  cutoverId: string,
): Promise<RouteState> {
  const giveUpAt = performance.now() + END_WITHIN_MS
  for (;;) {
    const state = await readState()
    const isOpen = Object.values(state.cutovers ?? {}).some(({ id }) => id === cutoverId)
    if (!isOpen || performance.now() > giveUpAt) return state
    await delay(LOOK_EVERY_MS)
  }
}
