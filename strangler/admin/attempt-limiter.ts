import { isIPv6 } from 'node:net'
import type { Clock } from '../core/ports.ts'

const LIMIT = 10
const WINDOW_MS = 60_000
const MOST_ADDRESSES = 10_000

/** Counts failed sign-ins per address: after 10 within a minute the address waits until the minute is over. */
export interface AttemptLimiter {
  /** How long the address must still wait; 0 when it may try. */
  waitMs(address: string): number
  countFailure(address: string): void
}

export function createAttemptLimiter(clock: Clock): AttemptLimiter {
  const failures = new Map<string, { count: number; until: number }>()

  return {
    waitMs(address) {
      const found = failures.get(networkOf(address))
      return found === undefined || found.count < LIMIT ? 0 : Math.max(0, found.until - clock())
    },
    countFailure(address) {
      const network = networkOf(address)
      const found = failures.get(network)
      if (found !== undefined && found.until > clock()) {
        found.count++
        return
      }
      failures.delete(network)
      failures.set(network, { count: 1, until: clock() + WINDOW_MS })
      if (failures.size > MOST_ADDRESSES) forgetOldest(failures)
    },
  }
}

function forgetOldest(failures: Map<string, unknown>): void {
  for (const oldest of failures.keys()) {
    failures.delete(oldest)
    return
  }
}

// One subscriber has a whole /64 of IPv6: counting single addresses would count nothing.
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')
}
