import { randomBytes } from 'node:crypto'

/**
 * Ids that no other maker gives: random once, counted from there, since randomness for every exchange costs more than comparing it.
 * They can be guessed, so they must open nothing. Digits and letters, at most 24.
 */
export function createSerialIds(): () => string {
  const own = randomBytes(8).toString('hex')
  let last = 0
  return () => {
    last += 1
    return own + last.toString(36)
  }
}
