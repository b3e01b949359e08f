import { randomBytes } from 'node:crypto'

/** What one of the two databases remembers of the other, from the last time that it looked. */
export interface RememberedDatabase {
  readonly epoch: number
  readonly server: string
  /** The token it had, and the one it was about to get, which it may have got. */
  readonly tokens: readonly string[]
  /** How far its log certainly reached: what was on disk, or what the other database has of it. It only ever grows. */
  readonly position: string | undefined
}

/** What a database says of itself now. */
export interface PresentDatabase {
  readonly epoch: number
  readonly server: string
  readonly token: string
  readonly position: string | undefined
}

/**
 * Why a database is not the one that it was: it has been restored from a backup, or another server has taken over. Undefined when all of it fits.
 * A backup has an older token, unless it was made within the last second; that one shows an older position.
 */
export function judgeIncarnation(
  remembered: RememberedDatabase | undefined,
  present: PresentDatabase,
): string | undefined {
  if (remembered === undefined) return undefined
  if (present.server !== remembered.server) return 'another server, or another database, stands in its place'
  if (present.epoch < remembered.epoch)
    return `it is in epoch ${present.epoch} again, and was in ${remembered.epoch}`
  if (!remembered.tokens.includes(present.token) && !isLater(present.token, remembered.tokens))
    return 'its incarnation is an older one'
  const [now, before] = [present.position, remembered.position]
  if (now !== undefined && before !== undefined && BigInt(now) < BigInt(before))
    return `its log ends at ${now}, and was at ${before} before`
  return undefined
}

/** Of two positions the one that is further; of one there may be none. */
export function later(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return BigInt(one) < BigInt(other) ? other : one
}

/** `<number>-<random>`: of two, one can say which is older; two lives of one number still differ. */
export function nextToken(token: string): string {
  return `${numberOf(token) + 1}-${randomBytes(12).toString('hex')}`
}

/** Then it is the memory that is old: whoever keeps it has been restored himself. */
function isLater(token: string, remembered: readonly string[]): boolean {
  return remembered.every((other) => numberOf(token) > numberOf(other))
}

function numberOf(token: string): number {
  return Number.parseInt(token, 10) || 0
}
