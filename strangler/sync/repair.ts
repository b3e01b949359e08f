import { setTimeout as delay } from 'node:timers/promises'
import type { ChangeEntry } from '../core/sync-words.ts'
import { runAll } from './apply-entries.ts'
import { applyIsolated, type FailedEntry } from './apply-isolated.ts'
import { readEpoch } from './bookkeeping.ts'
import { classifyError } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import type { Dialect, RunStatement } from './dialect.ts'
import type { TableRoute } from './mapping.ts'
import { laterVersion, lockApplied, writeApplied } from './repair-versions.ts'
import { orderByReferences } from './table-order.ts'
import { lookAtTarget } from './verify-keys.ts'
import { familiesOf, isSameRow, readSourceKeys, type SeenRow } from './verify-rows.ts'

const KEYS_AT_ONCE = 200
const ATTEMPTS = 4

export interface RepairOptions {
  readonly capability: string
  readonly epoch: number
  readonly source: SyncDatabase
  /** Of the applier's own pool: on MariaDB its connections stay marked as such. */
  readonly target: SyncDatabase
  readonly routes: readonly TableRoute[]
}

/** What became of a row: `newer` when the target has taken a change meanwhile, which then is the better repair. */
export interface RepairedKey {
  /** The source's name. */
  readonly table: string
  readonly key: string
  readonly outcome: 'repaired' | 'same' | 'newer' | 'refused'
  /** Why the target, or the mapping, refused it. */
  readonly error?: string
}

interface RowName {
  readonly table: string
  readonly key: string
}

/**
 * Brings rows of the target to what the source has, whether they are missing, extra or different. Compare-and-set: a row is written only while
 * the target stands at the version that it had before the source was read, so a concurrent change is never undone.
 * @param found the source's table and the canonical key of each row, as `verify` tells them
 * @throws Error when the target is in a later epoch, or what the database threw
 */
export async function repair(options: RepairOptions, found: readonly RowName[]): Promise<RepairedKey[]> {
  const outcomes = await repairOnce(options, found)
  let refused = outcomes.filter(({ outcome }) => outcome === 'refused')
  const done = outcomes.filter(({ outcome }) => outcome !== 'refused')
  // An extra parent can go when its extra children are gone, which come after it.
  for (let before = Number.POSITIVE_INFINITY; refused.length > 0 && refused.length < before; ) {
    before = refused.length
    const again = await repairOnce(options, refused)
    done.push(...again.filter(({ outcome }) => outcome !== 'refused'))
    refused = again.filter(({ outcome }) => outcome === 'refused')
  }
  return [...done, ...refused]
}

async function repairOnce(options: RepairOptions, found: readonly RowName[]): Promise<RepairedKey[]> {
  const done: RepairedKey[] = []
  const parentsFirst = orderByReferences(
    options.routes.map((route) => ({ table: route.target.table, route })),
  ).map(({ route }) => route)
  for (const route of parentsFirst) {
    const { name } = route.source.table
    const keys = [...new Set(found.filter(({ table }) => table === name).map(({ key }) => key))].sort()
    for (let first = 0; first < keys.length; first += KEYS_AT_ONCE) {
      done.push(...(await repairKeys(options, route, keys.slice(first, first + KEYS_AT_ONCE))))
    }
  }
  return done
}

/** A row to be written: what the source has, and what the target stood at before that was read. */
interface Mend {
  readonly wanted: SeenRow
  readonly seen: SeenRow
}

async function repairKeys(
  options: RepairOptions,
  route: TableRoute,
  keys: readonly string[],
): Promise<RepairedKey[]> {
  const { floor, rows } = await lookAtTarget(options, route, keys)
  const before = new Map(rows.map((row) => [row.key, row]))
  const wanted = await readSourceKeys(options.source, route, keys)
  const families = familiesOf(route)
  const table = route.source.table.name
  const settled: RepairedKey[] = []
  const mends: Mend[] = []
  for (const row of wanted) {
    const seen = before.get(row.key)!
    if (row.refusal !== undefined)
      settled.push({ table, key: row.key, outcome: 'refused', error: row.refusal })
    else if (isSameRow(families, row, seen)) settled.push({ table, key: row.key, outcome: 'same' })
    else mends.push({ wanted: row, seen })
  }
  if (mends.length === 0) return settled
  return [...settled, ...(await writeWithPatience(options, route, { floor, mends }))]
}

interface Work {
  readonly floor: string
  readonly mends: readonly Mend[]
}

async function writeWithPatience(
  options: RepairOptions,
  route: TableRoute,
  work: Work,
): Promise<RepairedKey[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await options.target.transaction((run) => writeUnchanged(run, options, route, work), {
        isolation: 'READ COMMITTED',
      })
    } catch (error) {
      if (classifyError(error) !== 'retry' || attempt >= ATTEMPTS) throw error
      await delay(50 * attempt)
    }
  }
}

async function writeUnchanged(
  run: RunStatement,
  options: RepairOptions,
  route: TableRoute,
  { floor, mends }: Work,
): Promise<RepairedKey[]> {
  const { dialect } = options.target
  await refuseOlderEpoch(run, dialect, options)
  await runAll(run, dialect.beginApply(options.routes.map((other) => other.target.table.name)))
  const table = route.target.table.name
  const locked = await lockApplied(run, dialect.name, {
    table,
    keys: mends.map(({ seen }) => seen.key),
    unknown: mends.filter(({ seen }) => seen.version === '0:0').map(({ seen }) => seen.key),
  })
  const unchanged = mends.filter(
    ({ seen }) => locked.floor === floor && locked.versions.get(seen.key) === seen.version,
  )
  const failed = await writeRows(run, options, { route, mends: unchanged })
  const errors = new Map(failed.map(({ entry, error }) => [entry.key, error]))
  return mends.map((mend): RepairedKey => {
    const name = { table: route.source.table.name, key: mend.seen.key }
    if (!unchanged.includes(mend)) return { ...name, outcome: 'newer' }
    const error = errors.get(name.key)
    return error === undefined ? { ...name, outcome: 'repaired' } : { ...name, outcome: 'refused', error }
  })
}

async function refuseOlderEpoch(
  run: RunStatement,
  dialect: Dialect,
  { capability, epoch }: RepairOptions,
): Promise<void> {
  const [state] = await run(readEpoch(dialect.name, capability))
  const current = Number(state?.['epoch'] ?? 0)
  if (current > epoch) {
    throw new Error(
      `The target of ${capability} is in epoch ${current} and this repair in ${epoch}: the direction has changed, or another database took over. Verify again, then repair.`,
    )
  }
}

/** As an applier does, but the comparison of versions is behind us. */
function writeRows(
  run: RunStatement,
  { target, epoch, routes }: RepairOptions,
  { route, mends }: { route: TableRoute; mends: readonly Mend[] },
): Promise<FailedEntry[]> {
  const { dialect } = target
  const table = route.target.table.name
  const versions = new Map(
    mends.map(({ seen, wanted }) => [seen.key, laterVersion(seen.version, epoch, wanted.version)]),
  )
  const decided: Dialect = {
    ...dialect,
    claim: (entries) => writeApplied(dialect.name, entries, versions),
  }
  const tables = orderByReferences(routes.map((other) => other.target))
  const entries = mends.map(
    ({ wanted }): ChangeEntry => ({ table, key: wanted.key, version: wanted.version, row: wanted.cells }),
  )
  return applyIsolated({ run, target: { dialect: decided, tables }, epoch }, entries)
}
