import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Registration, Side } from '../core/words.ts'
import type { Obstacle, RolloutPorts } from './ports.ts'

const ROUNDS = 5
const LOOK_EVERY_MS = 20
/** Whoever needs no longer than this would hold writes for as long. */
const QUICK_MS = 300
const LONGEST_MS = 2_000
const PAUSE_MS = 500

export interface Announcement {
  readonly capability: string
  readonly to: Side
  readonly by: string
  readonly expectedVersion: number
}

export type Announced =
  /** `tookMs`: how long it took until the writes in flight had ended everywhere and that was known here. */
  | { readonly kind: 'answered'; readonly version: number; readonly tookMs: number }
  | { readonly kind: 'silent'; readonly obstacle: Obstacle }

/**
 * Asks every proxy what a hold will ask of it, without holding a write: to say when the writes that are in flight now have ended. A proxy without
 * processor time, or a side that answers slowly, is seen before anybody waits for it; a moment later it may be better.
 * @throws StranglerError STRANGLER_VERSION_CONFLICT
 */
export async function announceCutover(
  ports: Pick<RolloutPorts, 'append' | 'listRegistrations'>,
  { by, expectedVersion, ...cutover }: Announcement,
): Promise<Announced> {
  let version = expectedVersion
  let last: Round = { tookMs: 0, missing: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round > 0) await delay(PAUSE_MS)
    const announcementId = `announcement-${randomBytes(6).toString('hex')}`
    const began = performance.now()
    const event = { kind: 'cutover.announced' as const, ...cutover, announcementId }
    version = (await ports.append({ event, by, expectedVersion: version })).version
    last = await waitForAll(ports, { announcementId, began })
    if (last.missing.length === 0 && last.tookMs <= QUICK_MS) break
  }
  const { tookMs, missing } = last
  return missing.length === 0
    ? { kind: 'answered', version, tookMs }
    : { kind: 'silent', obstacle: describeSilent(cutover.capability, missing) }
}

interface Round {
  readonly tookMs: number
  readonly missing: readonly Registration[]
}

async function waitForAll(
  ports: Pick<RolloutPorts, 'listRegistrations'>,
  { announcementId, began }: { announcementId: string; began: number },
): Promise<Round> {
  for (;;) {
    const registrations = await ports.listRegistrations()
    const tookMs = performance.now() - began
    // Workers have nothing to end before they are held.
    const missing = registrations.filter(
      ({ kind, holdsAcknowledged }) => kind === 'proxy' && !holdsAcknowledged.includes(announcementId),
    )
    if (missing.length === 0 || tookMs > LONGEST_MS) return { tookMs, missing }
    await delay(LOOK_EVERY_MS)
  }
}

function describeSilent(capability: string, missing: readonly Registration[]): Obstacle {
  const who = missing.map(({ id, host }) => `${id} on ${host}`).join(', ')
  const [first] = missing
  return {
    reason: `writes of ${capability} that were in flight have not ended after ${LONGEST_MS / 1_000} s in ${who}, or it does not answer; a hold would wait for it`,
    fix: `Find out which write takes so long, or restart that proxy; if it is gone for good: \`strangler proxy evict ${first?.id ?? 'ID'} --because "…"\`.`,
  }
}
