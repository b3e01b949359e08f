import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from './config/schema.ts'
import { checkCapabilityName } from './core/check-capability-name.ts'
import type { ReportError } from './core/ports.ts'
import type { Direction } from './core/sync-words.ts'
import { type Coupling, createCouplingWatch, showCoupling } from './sync/coupling-watch.ts'
import type { PairAddresses } from './sync/database-pair.ts'
import { isPast, sayIn } from './sync/preflight/after-cutover.ts'
import { type Diagnosis, examine } from './sync/preflight/examine.ts'
import { type Finding, sortFindings, toFinding } from './sync/preflight/findings.ts'
import type { QueueServer } from './sync/transport.ts'

export interface DoctorOptions {
  readonly config: Config
  /** Absent where the kit does not run and no Redis is named. */
  readonly queue: QueueServer | undefined
  /** Which way a capability's changes go, where the journal is at hand. */
  readonly directionOf?: (capability: string) => Direction
  readonly isRetired?: (capability: string) => boolean
  /** Whether the journal, where it is at hand, has a sync of it. */
  readonly isInstalled?: (capability: string) => boolean
  /** What a running kit has seen; otherwise it is looked for during `lookMs`. */
  readonly couplingsOf?: (capability: string) => readonly Coupling[]
  readonly lookMs?: number
  readonly report: ReportError
}

/**
 * The pre-flight of one capability, or of all with tables. Changes nothing.
 * @throws StranglerError STRANGLER_UNKNOWN_CAPABILITY
 */
export async function diagnose(options: DoctorOptions, capability: string | undefined): Promise<Diagnosis[]> {
  const { capabilities } = options.config
  const names = Object.keys(capabilities)
  if (capability !== undefined) checkCapabilityName(capability, names)
  const chosen = names.filter((name) =>
    capability === undefined ? (capabilities[name]?.tables ?? []).length > 0 : name === capability,
  )
  const diagnoses: Diagnosis[] = []
  for (const name of chosen) diagnoses.push(await diagnoseOne(options, name))
  return diagnoses
}

async function diagnoseOne(options: DoctorOptions, capability: string): Promise<Diagnosis> {
  const { config } = options
  const { tables = [], writers = [], applier } = config.capabilities[capability] ?? {}
  const names = tables.map(({ table }) => table)
  if (tables.length === 0) return { capability, tables: names, findings: [] }
  if (options.isRetired?.(capability) === true)
    return { capability, tables: names, findings: [], isRetired: true }
  const shared = findShared(config, capability).map(({ table, other }) =>
    toFinding('TABLE_SHARED', { table, reason: `${table} is named by ${capability} and by ${other}` }),
  )
  const addresses = findAddresses(config, capability)
  const known = options.directionOf?.(capability)
  const uninstalled =
    options.isInstalled?.(capability) === false
      ? { capability, appliesItself: applier === 'service' }
      : undefined
  const { direction, findings } =
    addresses === undefined
      ? { direction: known ?? 'forward', findings: findUnnamed(config, capability) }
      : await examine({
          ...options,
          ...{ capability, tables, addresses, writers, uninstalled, direction: known },
        })
  // Where no journal is at hand the databases have said by now who owns.
  const coupled = isPast('COUPLED_TRANSACTIONS', direction) ? [] : await findCouplings(options, capability)
  return {
    capability,
    tables: names,
    findings: sortFindings(sayIn(direction, [...shared, ...findings, ...coupled])),
  }
}

/** Transactions that change what the capability owns together with what it does not. */
async function findCouplings(options: DoctorOptions, capability: string): Promise<Finding[]> {
  const found = options.couplingsOf?.(capability) ?? (await watchCouplings(options, capability))
  return found.map((coupling) =>
    toFinding('COUPLED_TRANSACTIONS', {
      ...{ side: 'monolith', table: coupling.table, reason: showCoupling(coupling) },
    }),
  )
}

/** In the few seconds that somebody waits, a transaction of 10 ms must not slip through between two looks. */
const CLOSE_LOOK_MS = 15

/** For a moment only, and from now on: what has happened before has left no trace. */
export async function watchCouplings(
  { config, lookMs = 0, report }: Pick<DoctorOptions, 'config' | 'lookMs' | 'report'>,
  capability: string,
): Promise<Coupling[]> {
  const url = config.sides['monolith']?.database
  if (url === undefined || lookMs === 0) return []
  const tables = config.capabilities[capability]?.tables ?? []
  const watch = createCouplingWatch({
    monolith: { side: 'monolith', url },
    tables,
    rememberMs: lookMs * 2,
    everyMs: CLOSE_LOOK_MS,
    report,
  })
  try {
    watch.start()
    await delay(lookMs)
    return watch.found()
  } finally {
    await watch.stop()
  }
}

function findUnnamed(config: Config, capability: string): Finding[] {
  const { service = capability, applier } = config.capabilities[capability] ?? {}
  return ['monolith', service]
    .filter((side) => config.sides[side]?.database === undefined)
    .map((side) => {
      const appliesItself = applier === 'service' && side === service
      return appliesItself
        ? toFinding('DATABASE_UNSEEN', {
            side,
            reason: `${side} applies for itself, and its database is not named: the ownership of ${capability} cannot be moved, nor brought back`,
            mend: `Set \`sides.${side}.database\` before the cut-over; ${side} still applies for itself.`,
          })
        : toFinding('DATABASE_NOT_NAMED', {
            side,
            reason: `the database of the side ${side} is not named`,
            mend:
              side === 'monolith'
                ? 'Set `sides.monolith.database`, or the variable that the configuration reads it from.'
                : `Set \`sides.${side}.database\`, or the variable that the configuration reads it from. Where there is no service yet, \`strangler extract ${capability}\` begins one.`,
          })
    })
}

/** Where a capability's tables are, and where they shall be; undefined while a database is not named. */
export function findAddresses(config: Config, capability: string): PairAddresses | undefined {
  const service = config.capabilities[capability]?.service ?? capability
  const [there, here] = [config.sides['monolith']?.database, config.sides[service]?.database]
  if (there === undefined || here === undefined) return undefined
  return { monolith: { side: 'monolith', url: there }, service: { side: service, url: here } }
}

/** Tables that another capability names too. */
export function findShared(config: Config, capability: string): { table: string; other: string }[] {
  const own = new Set(config.capabilities[capability]?.tables.map(({ table }) => table))
  return Object.entries(config.capabilities)
    .filter(([other]) => other !== capability)
    .flatMap(([other, { tables }]) =>
      tables.filter(({ table }) => own.has(table)).map(({ table }) => ({ table, other })),
    )
}
