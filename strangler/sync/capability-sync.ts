import { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { SyncOrder } from '../core/words.ts'
import { readQuarantine } from './bookkeeping.ts'
import { checkTables, type Finding, type SyncedTable } from './check-tables.ts'
import type { TextRow } from './database.ts'
import { type DatabasePair, isSameDatabase, openPair, type PairAddresses } from './database-pair.ts'
import { type Explanation, explain } from './explain.ts'
import { installSync, uninstallSync } from './install-sync.ts'
import { createLagReader } from './lag.ts'
import type { TableRoute } from './mapping.ts'
import { type RunningStatus, type RunningSync, startRunningSync } from './running-sync.ts'
import type { QueueServer } from './transport.ts'
import { createVerification, type Verification, type VerificationStatus } from './verification.ts'

const RETRY_MS = 2_000
const QUARANTINE_SHOWN = 20

export interface CapabilitySyncOptions {
  readonly capability: string
  readonly tables: readonly SyncedTable[]
  readonly addresses: PairAddresses
  readonly queue: QueueServer
  readonly report: ReportError
}

export interface CapabilitySyncStatus {
  /** Whether its ends run in this process. */
  readonly runsHere: boolean
  /** Age of the oldest change that the target has not got, and how many there are. */
  readonly lagMs: number
  readonly entries: number
  readonly running: RunningStatus | undefined
  /** `tbl, key, version, error, attempts`, the most tried first. */
  readonly quarantine: readonly TextRow[]
  /** Why it does not run although it should; tried again every two seconds. */
  readonly failure: string | undefined
  readonly verification: VerificationStatus | undefined
}

/** The sync of one capability: puts itself into both databases, takes itself out, and runs as the journal says. */
export interface CapabilitySync extends Stoppable {
  /** @throws StranglerError STRANGLER_SYNC_REFUSED with `details.findings` */
  install(): Promise<void>
  /** Stops what runs here, then leaves both databases as they were before `install`, with the copied rows. */
  uninstall(): Promise<void>
  /** Runs, pauses or stops; returns at once and tries until it is so. */
  follow(order: SyncOrder | undefined): void
  /** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE, or the database's error when it is not installed */
  status(): Promise<CapabilitySyncStatus>
  lagMs(): number | undefined
  /** Begins to compare all rows; false when that runs already. @param epoch the journal's */
  verify(epoch: number): Promise<boolean>
  /** Brings rows that the newest `verify` of this process has found to what the source has. */
  repair(epoch: number): ReturnType<Verification['repair']>
  explain(name: { readonly table: string; readonly key: string }): Promise<Explanation>
}

export function createCapabilitySync(options: CapabilitySyncOptions): CapabilitySync {
  const { capability, tables } = options
  const pairs = keepPair(options)
  const runner = createRunner(options, pairs)
  const verification = createVerification(options)
  const basisOf = async (epoch: number) => {
    const pair = await pairs.open()
    return { pair, epoch, routes: await usableRoutes(options, pair) }
  }
  return {
    install: () =>
      runner.inTurn(async () => {
        const pair = await pairs.open()
        await installSync(pair, await usableRoutes(options, pair))
        // Rows can be read for the proof of a mapping only now.
        await usableRoutes(options, pair).catch(async (error: unknown) => {
          if (!runner.isWanted()) await uninstallSync(pair, capability, tables)
          throw error
        })
      }),
    async uninstall() {
      await Promise.all([verification.stop(), runner.end()])
      await runner.inTurn(async () => uninstallSync(await pairs.open(), capability, tables))
    },
    follow: runner.follow,
    async status() {
      const status = await readStatus(await pairs.open(), tables, runner.current())
      return { ...status, failure: runner.failure(), verification: verification.status() }
    },
    verify: async (epoch) => verification.start(await basisOf(epoch)),
    repair: async (epoch) => verification.repair(await basisOf(epoch)),
    async explain(name) {
      const { pair, routes } = await basisOf(0)
      return explain({ source: pair.source, target: pair.target, routes }, name)
    },
    lagMs: () => runner.current()?.lagMs(),
    async stop() {
      await Promise.all([verification.stop(), runner.stop()])
      await pairs.stop()
    },
  }
}

interface Runner extends Stoppable {
  follow(order: SyncOrder | undefined): void
  /** Stops what runs; a later order starts it again. */
  end(): Promise<void>
  isWanted(): boolean
  current(): RunningSync | undefined
  /** Why it does not run although it should. */
  failure(): string | undefined
  /** One step after the other: nothing is installed while something starts. */
  inTurn<T>(step: () => Promise<T>): Promise<T>
}

/** Makes what runs the same as what is wanted, and goes on trying. */
function createRunner(options: CapabilitySyncOptions, pairs: PairKeeper): Runner {
  let wanted: SyncOrder | undefined
  let current: { epoch: number; sync: RunningSync } | undefined
  let failure: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  const inTurn = createTurns()

  async function settle(): Promise<void> {
    if (current !== undefined && (stopped || wanted?.epoch !== current.epoch)) {
      const { sync } = current
      current = undefined
      await sync.stop()
    }
    const order = stopped ? undefined : wanted
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) {
      const pair = await pairs.open()
      const routes = await usableRoutes(options, pair)
      current = { epoch: order.epoch, sync: await startRunningSync({ ...options, order, pair, routes }) }
    }
    if (mayStart) await current?.sync.resume()
    else await current?.sync.pause()
    failure = undefined
  }

  function trySettle(): void {
    clearTimeout(retry)
    inTurn(settle).catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error)
      // The same failure every two seconds tells nothing new.
      if (said !== failure) options.report(`sync.${options.capability}`, error)
      failure = said
      if (!stopped) retry = setTimeout(trySettle, RETRY_MS)
    })
  }

  return {
    inTurn,
    follow(order) {
      wanted = order
      trySettle()
    },
    async end() {
      wanted = undefined
      await inTurn(settle)
    },
    isWanted: () => wanted !== undefined,
    current: () => current?.sync,
    failure: () => failure,
    async stop() {
      stopped = true
      clearTimeout(retry)
      await inTurn(settle)
    },
  }
}

function createTurns(): Runner['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (step) => {
    const turn = last.then(step)
    last = turn.catch(() => undefined)
    return turn
  }
}

async function usableRoutes(
  options: CapabilitySyncOptions,
  pair: DatabasePair,
): Promise<readonly TableRoute[]> {
  const { routes, findings } = await checkTables(pair, options.tables)
  const all = [...checkPlaces(options), ...findings]
  if (all.length > 0) throw refused(options.capability, all)
  return routes
}

type PairKeeper = Stoppable & { open(): Promise<DatabasePair> }

/** Opens the databases when they are first needed. */
function keepPair({
  addresses,
  report,
}: CapabilitySyncOptions): Stoppable & { open(): Promise<DatabasePair> } {
  let pair: Promise<DatabasePair> | undefined
  return {
    async open() {
      pair ??= openPair(addresses, report)
      try {
        return await pair
      } catch (error) {
        pair = undefined
        throw error
      }
    },
    async stop() {
      const opened = await pair?.catch(() => undefined)
      await opened?.stop()
    },
  }
}

function checkPlaces({ addresses: { source, target }, queue, tables }: CapabilitySyncOptions): Finding[] {
  const table = tables.map((entry) => entry.table).join(', ')
  const same = isSameDatabase(source.url, target.url)
    ? [
        {
          table,
          reason: `\`sides.${source.side}.database\` and \`sides.${target.side}.database\` are one database`,
          mend: 'Give the service a database of its own.',
        },
      ]
    : []
  const queueInside = queue.kind === 'postgres' && isSameDatabase(queue.url, source.url)
  return queueInside
    ? [
        ...same,
        {
          table,
          reason: 'the queue would stand in the database of the monolith, which must not bear its load',
          mend: 'Set `control.url` to a database of its own, or `redis.url`.',
        },
      ]
    : same
}

function refused(capability: string, findings: readonly Finding[]): StranglerError {
  const [first] = findings
  const more = findings.length > 1 ? ` ${findings.length - 1} more in \`details.findings\`.` : ''
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The tables of ${capability} cannot be synced: ${first?.reason}.${more}`,
    { fix: first?.mend ?? '', details: { findings } },
  )
}

async function readStatus(
  pair: DatabasePair,
  tables: readonly SyncedTable[],
  sync: RunningSync | undefined,
): Promise<Omit<CapabilitySyncStatus, 'failure' | 'verification'>> {
  const { target } = pair
  const names = tables.map((table) => table.as ?? table.table)
  const [running, quarantine] = await Promise.all([
    sync?.status(),
    target.query(readQuarantine(target.dialect.name, names, QUARANTINE_SHOWN)),
  ])
  const { lagMs, entries } = running?.source ?? (await readLagOnly(pair, tables))
  return { runsHere: sync !== undefined, lagMs, entries, running, quarantine }
}

/** Where the ends run elsewhere, or not at all. */
async function readLagOnly({ source, sourceSchema }: DatabasePair, tables: readonly SyncedTable[]) {
  const shapes = await Promise.all(
    tables.map(({ schema, table }) => source.dialect.introspect(source.query, sourceSchema(schema), [table])),
  )
  return createLagReader(source, shapes.flat())()
}
