import type { OnRefused } from '../core/refused-connection.ts'
import type { Log } from './log.ts'

/** Whoever sends rubbish must not be able to fill the disk. */
const MOST_LINES = 20
const PER_MS = 10_000

/** One line for every refused connection, up to so many in a while; the next line says how many were left out. */
export function logRefusals({ logger }: Pick<Log, 'logger'>, now: () => number): OnRefused {
  let since = Number.NEGATIVE_INFINITY
  let written = 0
  let leftOut = 0
  return (refused) => {
    if (now() - since >= PER_MS) {
      since = now()
      written = 0
    }
    if (written === MOST_LINES) {
      leftOut += 1
      return
    }
    written += 1
    logger.warn({ ...refused, ...(leftOut === 0 ? {} : { leftOut }) }, 'a connection was refused')
    leftOut = 0
  }
}
