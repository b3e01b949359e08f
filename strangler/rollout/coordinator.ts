import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { StranglerError } from '../core/errors.ts'
import type { Stoppable } from '../core/ports.ts'
import type { TriedTable } from '../core/sync-words.ts'
import type { RouteState, Side } from '../core/words.ts'
import { ownerOf } from '../routing/fold-cutover.ts'
import { type CutoverCheck, checkJournal, checkReadiness } from './check-cutover.ts'
import { type DriveEnd, driveCutover } from './drive-cutover.ts'
import type { CutoverDatabases, Obstacle, RolloutPorts } from './ports.ts'
import { measureParts, type PredictedPause } from './predict-pause.ts'

const PREPARE_WITHIN_MS = 8_000
const LOOK_EVERY_MS = 250
const END_WITHIN_MS = 10_000
/** A cut-over that this process drives is over by then, one way or the other. */
const STOP_AFTER_MS = 6_000

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
}

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

export interface CoordinatorOptions extends RolloutPorts {
  /** For how long writes may be held. */
  readonly holdMs: number
  /** The control database's clock, epoch ms. */
  readonly databaseClock: () => Promise<number>
}

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const drives = new Map<string, Promise<DriveEnd>>()
  let state: RouteState | undefined
  let stopped = false
  let isGivingUp = false

  /** One drive a cut-over in this process, whoever asks for it. */
  function drive(
    cutoverId: string,
    capability: string,
    lose: number,
    opened?: CutoverDatabases,
  ): Promise<DriveEnd> {
    const running = drives.get(cutoverId)
    if (running !== undefined) return running
    const driving = driveWith({ cutoverId, capability, lose }, opened).finally(() => drives.delete(cutoverId))
    drives.set(cutoverId, driving)
    return driving
  }

  async function driveWith(
    name: { cutoverId: string; capability: string; lose: number },
    opened: CutoverDatabases | undefined,
  ): Promise<DriveEnd> {
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
          if (mine) await drive(id, capability, 0)
        })
        .catch((error: unknown) => options.report('cutover.attend', error))
    }
  }
  const timer = setInterval(attend, LOOK_EVERY_MS)

  return {
    cutOver: (request) => cutOver(options, request, drive),
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

type Drive = (
  cutoverId: string,
  capability: string,
  lose: number,
  databases: CutoverDatabases,
) => Promise<DriveEnd>

async function cutOver(
  options: CoordinatorOptions,
  request: CutoverRequest,
  drive: Drive,
): Promise<CutoverReport> {
  const { capability, to, because, by, expectedVersion, lose = 0 } = request
  refuse(capability, await checkStanding(options, request))
  const databases = await options.openDatabases(capability, to)
  try {
    refuse(capability, checkReadiness(await databases.readiness(), { capability, to, lose }))
    await databases.prepare(options.clock() + PREPARE_WITHIN_MS)
    const cutoverId = `cutover-${randomBytes(6).toString('hex')}`
    // Before anybody can see it: otherwise another process might take it for one that nobody drives.
    await options.holdLease(cutoverId)
    const expiresAt = options.clock() + options.holdMs
    await options.append({
      ...{ event: { kind: 'cutover.started', capability, cutoverId, to, expiresAt }, by, expectedVersion },
      ...(because === undefined ? {} : { because }),
    })
    const began = performance.now()
    const end = await drive(cutoverId, capability, lose, databases)
    return await reportEnd(options, { capability, to, cutoverId, end, began })
  } finally {
    await databases.stop()
  }
}

interface Ended {
  readonly capability: string
  readonly to: Side
  readonly cutoverId: string
  readonly end: DriveEnd
  readonly began: number
}

async function reportEnd(
  options: CoordinatorOptions,
  { capability, to, cutoverId, end, began }: Ended,
): Promise<CutoverReport> {
  const state = await waitForEnd(options, cutoverId)
  const heldMs = Math.round(performance.now() - began)
  if (ownerOf(state, capability) !== to) {
    const failure = end.kind === 'over' ? end.failure : 'another process drives it'
    throw new StranglerError(
      'STRANGLER_CUTOVER_UNDONE',
      `The cut-over of ${capability} to the ${to} was undone after ${heldMs} ms: ${failure ?? 'another process has decided so'}.`,
    )
  }
  const steps = end.kind === 'over' ? Object.fromEntries(end.times) : {}
  return { cutoverId, version: state.version, heldMs, steps }
}

/** Another process may have taken it over; it ends there as well. */
async function waitForEnd({ readState }: CoordinatorOptions, cutoverId: string): Promise<RouteState> {
  const giveUpAt = performance.now() + END_WITHIN_MS
  for (;;) {
    const state = await readState()
    const isOpen = Object.values(state.cutovers ?? {}).some(({ id }) => id === cutoverId)
    if (!isOpen || performance.now() > giveUpAt) return state
    await delay(LOOK_EVERY_MS)
  }
}

async function checkStanding(
  options: CoordinatorOptions,
  { capability, to, lose = 0 }: Pick<CutoverRequest, 'capability' | 'to' | 'lose'>,
): Promise<Obstacle[]> {
  const [state, registrations, now] = await Promise.all([
    options.readState(),
    options.listRegistrations(),
    options.databaseClock(),
  ])
  return checkJournal({ state, capability, to, registrations, now, lose } satisfies CutoverCheck)
}

async function rehearse(
  options: CoordinatorOptions,
  request: Pick<CutoverRequest, 'capability' | 'to' | 'lose'>,
): Promise<CutoverRehearsal> {
  const { capability, to, lose = 0 } = request
  const databases = await options.openDatabases(capability, to)
  try {
    // In this order: whoever is frozen in between and goes on after a cut-over touches no guard of the new owner.
    const token = await databases.readToken()
    const obstacles = await checkStanding(options, request)
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

function refuse(capability: string, obstacles: readonly Obstacle[]): void {
  const [first] = obstacles
  if (first === undefined) return
  const more = obstacles.length > 1 ? ` ${obstacles.length - 1} more in \`details.obstacles\`.` : ''
  throw new StranglerError(
    'STRANGLER_CUTOVER_REFUSED',
    `${capability} cannot be cut over: ${first.reason}.${more}`,
    { fix: first.fix, details: { obstacles } },
  )
}
