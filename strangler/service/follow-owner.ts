import { hostname } from 'node:os'
import { StranglerError } from '../core/errors.ts'
import type { ReportError } from '../core/ports.ts'
import type { Side } from '../core/words.ts'
import { createOwnerClient } from './owner-client.ts'
import { createWorker, type Worker } from './worker.ts'

const LEASE_MS = 60_000
const SHORTEST_LEASE_MS = 1_000

export interface FollowOwnerOptions {
  /** The side that this program belongs to. */
  readonly side: Side
  /** The kit's admin API, e.g. `http://127.0.0.1:8081`. Default: STRANGLER_ADMIN_URL. */
  readonly url?: string
  /** The worker token. Default: STRANGLER_WORKER_TOKEN. */
  readonly token?: string
  /** Tells the copies of this program apart, and is the same after a restart. Default: the host's name. */
  readonly name?: string
  /** For how long work goes on while the kit does not answer, in milliseconds. Default 60,000. */
  readonly leaseMs?: number
  /** Where failures go; nothing is thrown at the work. */
  readonly report?: ReportError
}

export interface Ownership {
  /**
   * Runs `start` when this side owns the capability, and `stop` before it no longer does: at the hold of a cut-over, which waits until
   * `stop` has ended, and when the kit has not answered for a lease. Both may be called again and again, never at once.
   * @param stop resolves when nothing of the work writes, sends or acknowledges any more
   */
  whileOwner(capability: string, start: () => unknown, stop: () => unknown): Worker
}

/**
 * Follows who owns the capabilities, for consumers, outbox relays and jobs.
 * @throws StranglerError STRANGLER_CONFIG_INVALID without an address or a token
 */
export function followOwner(options: FollowOwnerOptions): Ownership {
  const url = setting(options.url, 'url', 'STRANGLER_ADMIN_URL')
  const token = setting(options.token, 'token', 'STRANGLER_WORKER_TOKEN')
  const { side, name = hostname(), leaseMs = LEASE_MS, report = () => undefined } = options
  if (!(leaseMs >= SHORTEST_LEASE_MS)) {
    throw new StranglerError('STRANGLER_CONFIG_INVALID', `\`leaseMs\` of followOwner is ${leaseMs}.`, {
      fix: `Give it at least ${SHORTEST_LEASE_MS}: answers must come within it.`,
    })
  }
  const client = createOwnerClient({ url, token })
  return {
    whileOwner: (capability, start, stop) =>
      createWorker({
        capability,
        id: nextId(`${capability}@${name}.${side}`),
        side,
        client,
        work: { start, stop },
        leaseMs,
        report,
      }),
  }
}

/** Two works of one process are two workers: each acknowledges for itself. */
const made = new Map<string, number>()

function nextId(base: string): string {
  const number = (made.get(base) ?? 0) + 1
  made.set(base, number)
  return `${base.replaceAll(/[^\w.@:-]/g, '-').slice(0, 110)}.${number}`
}

function setting(given: string | undefined, key: string, variable: string): string {
  const found = given ?? process.env[variable]
  if (found !== undefined && found !== '') return found
  throw new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `followOwner has no \`${key}\`, so it cannot ask the kit who owns.`,
    { fix: `Set ${variable}, or give \`${key}\`.` },
  )
}
