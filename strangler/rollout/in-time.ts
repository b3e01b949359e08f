import { setTimeout as delay } from 'node:timers/promises'
import type { Hold } from '../core/words.ts'
import { decideBefore } from '../guide/cutover.ts'
import type { RolloutPorts } from './ports.ts'

/** How long writes wait for the database that does not own, once nothing depends on it. */
const OTHER_MS = 300
/** A step that watches the time itself says better what was missing. */
const GRACE_MS = 300

/**
 * A database that hangs must not keep a cut-over from being undone in time. What it does late is fenced.
 * @param hold by whose end it must be done; undefined: it takes as long as it takes
 * @returns whether it was done
 */
export async function isInTime(
  work: Promise<void>,
  hold: Hold | undefined,
  { clock, report }: Pick<RolloutPorts, 'clock' | 'report'>,
): Promise<boolean> {
  if (hold === undefined) {
    await work
    return true
  }
  const wait = new AbortController()
  const graceMs = Math.max(0, decideBefore(hold) - clock()) + GRACE_MS
  const tooLate = delay(graceMs, false, { signal: wait.signal }).catch(() => false)
  try {
    const isDone = await Promise.race([work.then(() => true), tooLate])
    if (!isDone) work.catch((error: unknown) => report('cutover.late', error))
    return isDone
  } finally {
    wait.abort()
  }
}

/**
 * Writes wait for the owner's database alone: the other one, which may hang, gets a moment. What is late there is harmless without it: it closes what takes no
 * writes anyhow, and the next cut-over raises the token of both.
 */
export async function withoutTheOther(
  { report }: Pick<RolloutPorts, 'report'>,
  owner: Promise<void>,
  other: Promise<void>,
): Promise<void> {
  const reported = other.catch((error: unknown) => report('cutover.other', error))
  await owner
  await Promise.race([reported, delay(OTHER_MS)])
}
