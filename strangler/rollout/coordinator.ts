import type { Stoppable } from '../core/ports.ts'
import type { TriedTable } from '../core/sync-words.ts'
import type { RouteState } from '../core/words.ts'
import { ownerOf } from '../routing/fold-cutover.ts'
import { checkReadiness, checkToken } from './check-cutover.ts'
import { type CutoverReport, type CutoverRequest, cutOver, type NamedCutover } from './cut-over.ts'
import { type DriveEnd, driveCutover } from './drive-cutover.ts'
import type { CoordinatorOptions, CutoverDatabases, Obstacle } from './ports.ts'
import { measureParts, type PredictedPause } from './predict-pause.ts'
import { checkStanding, PREPARE_WITHIN_MS } from './standing.ts'

const LOOK_EVERY_MS = 250
/** A cut-over that this process drives is over by then, one way or the other. */
const STOP_AFTER_MS = 6_000

export interface Coordinator extends Stoppable {
  /**
   * Moves the ownership. When it returns, the other side owns.
   * @throws StranglerError STRANGLER_CUTOVER_REFUSED before anything is held, STRANGLER_CUTOVER_UNDONE, STRANGLER_VERSION_CONFLICT
   */
  cutOver(request: CutoverRequest): Promise<CutoverReport>
  /** All that can be looked at without holding a write, and how long writes would be held. */
  rehearse(request: Omit<CutoverRequest, 'by' | 'expectedVersion'>): Promise<CutoverRehearsal>
  /** A new state of the journal: what is open in it and whom nobody drives, this process drives. */
  follow(state: RouteState): void
}

export interface CutoverRehearsal extends PredictedPause {
  readonly obstacles: readonly Obstacle[]
  /** What became of a row of each table on its way back; absent where something is in the way of the cut-over anyhow. */
  readonly wayBack?: readonly TriedTable[]
}

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const drives = new Map<string, Promise<DriveEnd>>()
  let state: RouteState | undefined
  let stopped = false
  let isGivingUp = false

  /** One drive a cut-over in this process, whoever asks for it. */
  function drive(name: NamedCutover, opened?: CutoverDatabases): Promise<DriveEnd> {
    const { cutoverId } = name
    const running = drives.get(cutoverId)
    if (running !== undefined) return running
    const driving = driveWith(name, opened).finally(() => drives.delete(cutoverId))
    drives.set(cutoverId, driving)
    return driving
  }

  async function driveWith(name: NamedCutover, opened: CutoverDatabases | undefined): Promise<DriveEnd> {
    const to = (await options.readState()).cutovers?.[name.capability]?.to
    if (to === undefined) return { kind: 'left' }
    const databases = opened ?? (await options.openDatabases(name.capability, to))
    try {
      return await driveCutover(options, { ...name, databases, isStopped: () => isGivingUp })
    } finally {
      if (opened === undefined) await databases.stop()
    }
  }

  function attend(): void {
    if (stopped) return
    for (const { id, capability } of Object.values(state?.cutovers ?? {})) {
      if (drives.has(id)) continue
      options
        .holdLease(id)
        .then(async (mine) => {
          if (mine) await drive({ cutoverId: id, capability, lose: new Map() })
        })
        .catch((error: unknown) => options.report('cutover.attend', error))
    }
  }
  const timer = setInterval(attend, LOOK_EVERY_MS)

  return {
    cutOver: (request) => cutOver({ ...options, drive }, request),
    rehearse: (request) => rehearse(options, request),
    follow(next) {
      state = next
    },
    async stop() {
      stopped = true
      clearInterval(timer)
      const giveUp = setTimeout(() => {
        isGivingUp = true
      }, STOP_AFTER_MS)
      await Promise.allSettled(drives.values())
      clearTimeout(giveUp)
    },
  }
}

async function rehearse(
  options: CoordinatorOptions,
  request: Pick<CutoverRequest, 'capability' | 'to' | 'lose'>,
): Promise<CutoverRehearsal> {
  const { capability, to, lose = 0 } = request
  const databases = await options.openDatabases(capability, to)
  try {
    // In this order: whoever is frozen in between and goes on after a cut-over touches no guard of the new owner.
    const { target: token, newest } = await databases.readTokens()
    const obstacles = await checkStanding(options, request)
    // Nothing is to be measured then; and the guards that would be looked at are the owner's, which would close its tables.
    const state = await options.readState()
    obstacles.push(...checkToken(newest, { capability, version: state.version }))
    if (isOwnersMatter(state, { capability, to })) return { obstacles, parts: {}, predictedMs: 0 }
    const readiness = await databases.readiness()
    obstacles.push(...checkReadiness(readiness, { capability, to, lose }))
    const pause = await measureParts(options, databases, token)
    if (to === 'monolith' || obstacles.length > 0) return { obstacles, ...pause }
    const wayBack = await databases.tryWayBack(options.clock() + PREPARE_WITHIN_MS)
    return { obstacles, ...pause, wayBack }
  } finally {
    await databases.stop()
  }
}

/** It owns already, or a cut-over decides about it just now. Read after the token: a cut-over that begins later raises that. */
function isOwnersMatter(
  state: RouteState,
  { capability, to }: Pick<CutoverRequest, 'capability' | 'to'>,
): boolean {
  return ownerOf(state, capability) === to || state.cutovers?.[capability] !== undefined
}
