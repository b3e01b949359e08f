import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Registration, Side } from '../core/words.ts'
import type { Obstacle, RolloutPorts } from './ports.ts'

const ROUNDS = 3
const LOOK_EVERY_MS = 20
/** Whoever needs no longer than this would hold writes for as long. */
const QUICK_MS = 300
const LONGEST_MS = 1_000
const PAUSE_MS = 500

export interface Announcement {
  readonly capability: string
  readonly to: Side
  readonly by: string
  readonly expectedVersion: number
}

export interface Announced {
  /** Of the newest announcement. */
  readonly version: number
  /** Whether everybody has answered in the time that a short hold has. */
  readonly isQuick: boolean
  /** A hold would wait for somebody who does not answer. */
  readonly obstacle: Obstacle | undefined
}

type Ports = Pick<RolloutPorts, 'append' | 'listRegistrations'>

/**
 * Asks every proxy what a hold will ask of it, without holding a write: to say when the writes that are in flight now have ended. A proxy without
 * processor time, or a side that answers slowly, is seen before anybody waits for it; a moment later it may be better. Where it does not get better the
 * cut-over goes on, since a hold keeps new writes away and lets the others end sooner; but not where somebody has not even heard of it.
 * @throws StranglerError STRANGLER_VERSION_CONFLICT
 */
export async function announceCutover(
  ports: Ports,
  { by, expectedVersion, ...cutover }: Announcement,
): Promise<Announced> {
  let version = expectedVersion
  for (let round = 1; ; round += 1) {
    const announcementId = `announcement-${randomBytes(6).toString('hex')}`
    const event = { kind: 'cutover.announced' as const, ...cutover, announcementId }
    version = (await ports.append({ event, by, expectedVersion: version })).version
    const { isQuick, deaf } = await waitForAll(ports, { announcementId, version })
    if (isQuick || round === ROUNDS)
      return { version, isQuick, obstacle: deaf.length === 0 ? undefined : describeDeaf(deaf) }
    await delay(PAUSE_MS)
  }
}

interface Round {
  readonly isQuick: boolean
  readonly deaf: readonly Registration[]
}

async function waitForAll(
  ports: Ports,
  { announcementId, version }: { announcementId: string; version: number },
): Promise<Round> {
  const began = performance.now()
  for (;;) {
    const registrations = await ports.listRegistrations()
    const tookMs = performance.now() - began
    // Workers have nothing to end before they are held.
    const waited = registrations.filter(
      ({ kind, holdsAcknowledged }) => kind === 'proxy' && !holdsAcknowledged.includes(announcementId),
    )
    const deaf = waited.filter(({ tableVersion }) => tableVersion < version)
    if (waited.length === 0 || tookMs > LONGEST_MS)
      return { isQuick: waited.length === 0 && tookMs <= QUICK_MS, deaf }
    await delay(LOOK_EVERY_MS)
  }
}

function describeDeaf(deaf: readonly Registration[]): Obstacle {
  const who = deaf.map(({ id, host }) => `${id} on ${host}`).join(', ')
  return {
    reason: `${who} has not answered for ${(ROUNDS * LONGEST_MS) / 1_000} s, and a hold would wait for it`,
    fix: `Restart it, or if it is gone for good: \`strangler proxy evict ${deaf[0]?.id ?? 'ID'} --because "…"\`.`,
  }
}
