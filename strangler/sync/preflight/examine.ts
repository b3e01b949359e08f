import { StranglerError } from '../../core/errors.ts'
import type { ReportError } from '../../core/ports.ts'
import type { Direction } from '../../core/sync-words.ts'
import { hasKitTable, readRole } from '../bookkeeping.ts'
import type { SyncedTable } from '../check-tables.ts'
import { describe } from '../classify-error.ts'
import { type DatabasePair, openPair, type PairAddresses } from '../database-pair.ts'
import { createRedisGeneration } from '../redis-generation.ts'
import type { QueueServer } from '../transport.ts'
import { checkPlaces } from './check-places.ts'
import type { WriterRule } from './find-writers.ts'
import { type Finding, sortFindings, toFinding } from './findings.ts'
import { runPreflight, type Uninstalled } from './preflight.ts'

export interface Diagnosis {
  readonly capability: string
  readonly tables: readonly string[]
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** Nothing of it is synced any more, so nothing was looked at. */
  readonly isRetired?: boolean
}

/** What was found, and of a sync in which direction. */
export interface Examined {
  readonly direction: Direction
  readonly findings: Finding[]
}

export interface ExamineOptions {
  readonly tables: readonly SyncedTable[]
  readonly addresses: PairAddresses
  readonly queue: QueueServer | undefined
  readonly writers: readonly WriterRule[]
  readonly capability: string
  /** Which way changes go, as the journal has it; undefined where no journal is at hand: then the monolith's database is asked for its role. */
  readonly direction: Direction | undefined
  /** As `PreflightOptions` has it. */
  readonly uninstalled?: Uninstalled | undefined
  readonly report: ReportError
}

/** The pre-flight with connections of its own. A database that does not answer is a finding like any other. */
export async function examine(options: ExamineOptions): Promise<Examined> {
  const { addresses, queue } = options
  const aboutQueue = await examineQueue(queue)
  let direction = options.direction ?? 'forward'
  try {
    const pair = await openPair(addresses, options.report)
    try {
      direction = options.direction ?? (await readDirection(pair, options.capability))
      const { findings } = await runPreflight({ ...options, pair, direction })
      return { direction, findings: sortFindings([...aboutQueue, ...findings]) }
    } finally {
      await pair.stop()
    }
  } catch (error) {
    const places = checkPlaces(addresses, queue)
    const unreachable = toFinding('DATABASE_UNREACHABLE', {
      reason: describe(error).replace(/\.$/, ''),
      mend: error instanceof StranglerError ? error.fix : undefined,
    })
    return { direction, findings: sortFindings([...aboutQueue, ...places, unreachable]) }
  }
}

async function readDirection({ monolith }: DatabasePair, capability: string): Promise<Direction> {
  if (!(await hasKitTable(monolith, 'sync_state'))) return 'forward'
  const [state] = await monolith.query(readRole(monolith.dialect.name, capability))
  return state?.['role'] === 'target' ? 'reverse' : 'forward'
}

/** The queue is disposable, so whatever is wrong with it blocks nothing. */
async function examineQueue(queue: QueueServer | undefined): Promise<Finding[]> {
  if (queue?.kind !== 'redis') return []
  // Its failures come back from the question.
  const redis = createRedisGeneration(queue.url, 'strangler-doctor', () => undefined)
  try {
    const policy = await redis.readPolicy()
    if (policy === undefined || policy === 'noeviction') return []
    return [toFinding('REDIS_EVICTS', { reason: `maxmemory-policy of Redis is ${policy}` })]
  } catch (error) {
    return [toFinding('NOT_LOOKED_AT', { reason: `Redis does not say its settings: ${describe(error)}` })]
  } finally {
    await redis.stop()
  }
}
