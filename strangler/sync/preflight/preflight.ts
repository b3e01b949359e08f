import { countOf } from '../../core/count-of.ts'
import type { Direction } from '../../core/sync-words.ts'
import type { Side } from '../../core/words.ts'
import { type CheckedTables, checkTables, type SyncedTable } from '../check-tables.ts'
import { describe } from '../classify-error.ts'
import type { SyncDatabase, TextRow } from '../database.ts'
import { type DatabasePair, type PairAddresses, sidesOf } from '../database-pair.ts'
import { countZeroDates } from '../dialects/mariadb/zero-dates.ts'
import type { TableRoute } from '../mapping.ts'
import type { TablesPlace } from '../survey.ts'
import type { QueueServer } from '../transport.ts'
import { checkPlaces } from './check-places.ts'
import { findLeft } from './find-left.ts'
import { findWriters, type WriterRule } from './find-writers.ts'
import { type Finding, sortFindings, toFinding } from './findings.ts'
import { judgeBorders, type ReferringKey } from './judge-borders.ts'
import { type Identity, judgeColumns } from './judge-columns.ts'
import { type ProbedDatabase, runProbes } from './run-probes.ts'

/** More than the journey of a question and its answer. */
const CLOCKS_MAY_DIFFER_MS = 1_000

/** A capability that has no sync. Guards of a service that applies for itself are its own matter. */
export interface Uninstalled {
  readonly capability: string
  readonly appliesItself: boolean
}

export interface PreflightOptions {
  readonly tables: readonly SyncedTable[]
  readonly addresses: PairAddresses
  readonly queue: QueueServer | undefined
  readonly pair: DatabasePair
  /** Who may write; everybody else that was seen is a finding. Without it nobody is looked for. */
  readonly writers?: readonly WriterRule[]
  /** Which way changes go; default: from the monolith. */
  readonly direction?: Direction
  /** Of a capability of which the journal has no sync: what is in the databases all the same is a finding. Absent where there is one, or no journal is at hand. */
  readonly uninstalled?: Uninstalled | undefined
}

/** Everything that can be found out before rows are carried; changes nothing. With a finding that blocks, the routes are not to be used. */
export async function runPreflight(options: PreflightOptions): Promise<CheckedTables> {
  const { pair, addresses, tables } = options
  const direction = options.direction ?? 'forward'
  const roles = sidesOf(direction)
  const [source, target] = [describeSide(options, roles.source), describeSide(options, roles.target)]
  const { routes, findings } = await checkTables(pair, tables, addresses)
  const found = await Promise.all([
    runProbes(source, direction),
    runProbes(target, direction),
    checkClock(source),
    checkClock(target),
    judgeRoutes(routes[direction], source, target),
    // The configuration names writers of the monolith's database, which its guards reject once the service owns.
    options.writers === undefined || direction === 'reverse' ? [] : findWriters(source, options.writers),
    findZeroDates(routes[direction], source, target),
    findLeftIn(options.uninstalled, routes[direction], { source, target }),
  ])
  return {
    routes,
    findings: sortFindings([
      ...checkPlaces(addresses, options.queue),
      ...findReporting(tables),
      ...findings,
      ...found.flat(),
    ]),
  }
}

function describeSide({ pair, addresses, tables, direction }: PreflightOptions, side: Side): ProbedDatabase {
  const named = tables.map((table): [schema: string, name: string] => [
    pair.schemaOf(side, table.schema),
    side === 'monolith' ? table.table : (table.as ?? table.table),
  ])
  const places = [...Map.groupBy(named, ([schema]) => schema)].map(([schema, tables]) => ({
    schema,
    tables: tables.map(([, name]) => name),
  }))
  const role = sidesOf(direction ?? 'forward').source === side ? 'source' : 'target'
  return { database: pair[side], side: addresses[side].side, role, places }
}

async function findLeftIn(
  uninstalled: Uninstalled | undefined,
  routes: readonly TableRoute[],
  { source, target }: { readonly source: ProbedDatabase; readonly target: ProbedDatabase },
): Promise<Finding[]> {
  if (uninstalled === undefined) return []
  const { capability, appliesItself } = uninstalled
  const found = await Promise.all([
    findLeft(source, { capability, tables: routes.map((route) => route.source.table) }),
    appliesItself ? [] : findLeft(target, { capability, tables: routes.map((route) => route.target.table) }),
  ])
  return found.flat()
}

function findReporting(tables: readonly SyncedTable[]): Finding[] {
  return tables
    .filter(({ guard }) => guard?.mode === 'report')
    .map(({ table, guard }) =>
      toFinding('GUARD_REPORTS', {
        table,
        reason: `the guard of ${table} lets stray writes pass, because: ${guard?.because ?? 'no reason is given'}`,
      }),
    )
}

async function checkClock({ database, side }: ProbedDatabase): Promise<Finding[]> {
  const before = Date.now()
  const [row] = await database.query(database.dialect.survey.readClock)
  const after = Date.now()
  const theirs = Number(row?.['now_ms'])
  const offMs = theirs < before ? theirs - before : Math.max(0, theirs - after)
  if (Math.abs(offMs) <= CLOCKS_MAY_DIFFER_MS) return []
  const reason = `its clock is ${(Math.abs(offMs) / 1_000).toFixed(1)} s ${offMs < 0 ? 'behind' : 'ahead of'} the kit's`
  return [toFinding('CLOCKS_DIFFER', { side, reason })]
}

async function judgeRoutes(
  routes: readonly TableRoute[],
  there: ProbedDatabase,
  here: ProbedDatabase,
): Promise<Finding[]> {
  const read = (probed: ProbedDatabase, kind: 'readIdentities' | 'readReferring' | 'readRequired') =>
    readPlaces(probed, (place) => probed.database.dialect.survey[kind](place))
  const required = await read(here, 'readRequired')
  const [source, target] = await Promise.all(
    [there, here].map(async (probed) => ({
      side: probed.side,
      identities: (await read(probed, 'readIdentities')).map(toIdentity),
      referring: (await read(probed, 'readReferring')).map(toReferring),
    })),
  )
  if (source === undefined || target === undefined) return []
  const columns = required.map((row) => ({ table: row['tbl'] ?? '', column: row['name'] ?? '' }))
  return [
    ...judgeColumns(routes, { source, target: { ...target, required: columns } }),
    ...judgeBorders(routes, { source, target }),
  ]
}

async function readPlaces(
  { database, places }: ProbedDatabase,
  statementOf: (place: TablesPlace) => Parameters<SyncDatabase['query']>[0],
): Promise<TextRow[]> {
  const rows = await Promise.all(places.map((place) => database.query(statementOf(place))))
  return rows.flat()
}

function toIdentity(row: TextRow): Identity {
  const last = row['last'] ?? null
  return {
    table: row['tbl'] ?? '',
    column: row['name'] ?? '',
    last: last === null ? undefined : BigInt(last),
    largest: BigInt(row['largest'] ?? '0'),
  }
}

function toReferring(row: TextRow): ReferringKey {
  return {
    table: row['tbl'] ?? '',
    name: row['name'] ?? '',
    referenced: row['referenced'] ?? '',
    onDelete: row['on_delete'] ?? '',
    onUpdate: row['on_update'] ?? '',
  }
}

/** Only from MariaDB to another: two of them carry such dates as they are. */
async function findZeroDates(
  routes: readonly TableRoute[],
  { database, side }: ProbedDatabase,
  target: ProbedDatabase,
): Promise<Finding[]> {
  if (database.dialect.name !== 'mariadb' || target.database.dialect.name === 'mariadb') return []
  const findings: Finding[] = []
  for (const { source } of routes) {
    const statement = countZeroDates(source)
    if (statement === undefined) continue
    const { name: table } = source.table
    try {
      for (const row of await database.query(statement)) {
        const reason = `${table}.${row['column']} has ${countOf(Number(row['zeros']), 'date')} with a month or day of zero`
        findings.push(toFinding('ZERO_DATES', { side, table, reason }))
      }
    } catch (error) {
      const reason = `whether ${table} has dates of zero could not be counted: ${describe(error)}`
      findings.push(toFinding('NOT_LOOKED_AT', { side, table, reason }))
    }
  }
  return findings
}
