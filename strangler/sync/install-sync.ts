import { setTimeout as delay } from 'node:timers/promises'
import { StranglerError } from '../core/errors.ts'
import type { TableShape } from '../core/sync-words.ts'
import type { SyncedTable } from './check-tables.ts'
import { classifyError, describe } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import { type DatabasePair, type DatabaseRoles, schemaOf } from './database-pair.ts'
import { findAncestors } from './dialects/mariadb/introspect.ts'
import { rethrowRefusal } from './fence-refusal.ts'
import { beginInstall, beginUninstall, type Fence, readFence } from './fencing-token.ts'
import type { TableRoute } from './mapping.ts'

/** The commands of the admin API are waited for 15 seconds. */
const RETRY_FOR_MS = 10_000
const RETRY_AFTER_MS = 250
/** Whoever does not wait holds nobody up, and may come again soon; where transactions never leave a gap it has to wait in the end. */
const TRY_AGAIN_AFTER_MS = 5
const TRY_FOR_MS = 3_000

export interface InstallOptions {
  readonly capability: string
  readonly tables?: readonly SyncedTable[]
  /**
   * Whether the journal, read anew, still has the two databases in these roles, and no cut-over is undecided. Default: nobody else is there to change that.
   */
  readonly isCurrent?: () => Promise<boolean>
}

/**
 * Puts capture into the source, and guards and the kit's tables into the target. What is there already stays. Whoever is frozen anywhere behind its beginning,
 * and goes on after somebody else has installed, uninstalled or cut over, changes nothing any more.
 * @throws StranglerError STRANGLER_SYNC_CONFLICT when the ownership has moved meanwhile; what takes the writes now is not touched then
 */
export async function installSync(
  { source, target }: DatabaseRoles,
  routes: readonly TableRoute[],
  options: InstallOptions,
): Promise<void> {
  const { capability, isCurrent, tables = [] } = options
  const deadline = Date.now() + RETRY_FOR_MS
  const open = (database: SyncDatabase) => openInstall(database, capability, deadline)
  const [atTarget, atSource] = await Promise.all([open(target), open(source)])
  if ((await isCurrent?.()) === false) throw moved(capability)
  // The target first: nothing is sent before it can be taken.
  await runFenced(target, target.dialect.targetUp(), { fenced: atTarget, deadline })
  const modeOf = (route: TableRoute) => guardModeOf(route, tables)
  await putGuards(target, routes, { fenced: atTarget, deadline, modeOf })
  await capture(source, routes, { fenced: atSource, deadline })
}

export interface FencedTime {
  readonly fenced: Fence
  readonly deadline: number
}

/** Each statement for itself, so that no lock is held for longer than one. */
export async function runFenced(
  database: SyncDatabase,
  statements: readonly string[],
  { fenced, deadline }: FencedTime,
): Promise<void> {
  const parts = statements.map((statement) => fenced([statement]))
  await runSchemaChange(database, parts, deadline)
}

interface GuardOrder extends FencedTime {
  readonly modeOf: (route: TableRoute) => 'reject' | 'report'
}

/** A table's guards all at once: none is without while one mode follows the other. */
async function putGuards(
  target: SyncDatabase,
  routes: readonly TableRoute[],
  { fenced, deadline, modeOf }: GuardOrder,
): Promise<void> {
  const guards = routes.map((route) => fenced(target.dialect.guard(route.target.table, modeOf(route))))
  await runSchemaChange(target, guards, deadline)
}

function moved(capability: string): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    `The ownership of ${capability} is being moved, or has moved since the command was given, and nothing was changed.`,
    { fix: `\`strangler sync status ${capability}\` names the owner; then repeat it.` },
  )
}

/** Capture alone, for a target that its own service prepares. Late it changes nothing, as `installSync`. */
export async function prepareSource(
  source: SyncDatabase,
  routes: readonly TableRoute[],
  { capability, isCurrent }: InstallOptions,
): Promise<void> {
  const deadline = Date.now() + RETRY_FOR_MS
  const fenced = await openInstall(source, capability, deadline)
  if ((await isCurrent?.()) === false) throw moved(capability)
  await capture(source, routes, { fenced, deadline })
}

async function capture(source: SyncDatabase, routes: readonly TableRoute[], time: FencedTime): Promise<void> {
  const tables = routes.map((route) => route.source.table)
  const ancestors = await readAncestors(source, tables)
  await runFenced(source, source.dialect.captureUp(tables, ancestors), time)
}

/** Takes capture away again. Whoever goes on late is refused as by `uninstallSync`. */
export async function clearSource(
  source: SyncDatabase,
  { capability, tables, url, isEnded }: UninstallOptions & { readonly url: string },
): Promise<void> {
  const placeOf = (table: SyncedTable) => ({ schema: schemaOf(url, table.schema), name: table.table })
  const deadline = Date.now() + RETRY_FOR_MS
  const fenced = await openUninstall(source, capability, deadline)
  if ((await isEnded?.()) === false) throw moved(capability)
  const shapes = await readShapes(source, tables, placeOf)
  await uninstallSide(source, { capability, shapes, deadline, fenced })
}

/**
 * A cut-over leaves the old owner's guards in `reject`, which is its fence. Where the configuration wants `report` that comes afterwards, when
 * the sync in the new direction begins; after one that was undone, with the undoing.
 */
export async function fenceTarget(
  { target }: DatabaseRoles,
  routes: readonly TableRoute[],
  { capability, tables = [], isCurrent }: InstallOptions,
): Promise<void> {
  const reporting = routes.filter((route) => guardModeOf(route, tables) === 'report')
  if (reporting.length === 0) return
  // Before the journal: whoever is frozen in between, and goes on after a cut-over, does not touch the guards of the new owner.
  const fenced = await readFence(target, capability)
  // While a cut-over is under way they are its own matter: the sync that begins after it comes here again.
  if ((await isCurrent?.()) === false) return
  const deadline = Date.now() + RETRY_FOR_MS
  await putGuards(target, reporting, { fenced, deadline, modeOf: () => 'report' })
}

/** In either direction: the two sides may call the table differently. */
export function guardModeOf(
  { source, target }: TableRoute,
  configured: readonly SyncedTable[],
): 'reject' | 'report' {
  const names = [source.table.name, target.table.name]
  const own = configured.find(({ table, as }) => names.includes(table) && names.includes(as ?? table))
  return own?.guard?.mode ?? 'reject'
}

export interface UninstallOptions {
  readonly capability: string
  readonly tables: readonly SyncedTable[]
  /** Whether the journal, read anew, still has no sync of it, and no cut-over. Default: nobody else is there to change that. */
  readonly isEnded?: (() => Promise<boolean>) | undefined
}

/**
 * Takes all of it away again, also when a table is gone meanwhile. What was copied stays. After a cut-over both databases hold what either
 * role needs. Whoever goes on late takes nothing from a sync that was installed, or installed and cut over, since.
 */
export async function uninstallSync(
  pair: DatabasePair,
  { capability, tables, isEnded }: UninstallOptions,
): Promise<void> {
  const deadline = Date.now() + RETRY_FOR_MS
  const fenced = {
    monolith: await openUninstall(pair.monolith, capability, deadline),
    service: await openUninstall(pair.service, capability, deadline),
  }
  if ((await isEnded?.()) === false) throw moved(capability)
  for (const side of ['monolith', 'service'] as const) {
    const shapes = await readShapes(pair[side], tables, (table) => ({
      schema: pair.schemaOf(side, table.schema),
      name: side === 'monolith' ? table.table : (table.as ?? table.table),
    }))
    await uninstallSide(pair[side], { capability, shapes, deadline, fenced: fenced[side] })
  }
}

/** Makes a place for its numbers also where nothing is installed (any more); they go with the rest. */
export async function openUninstall(
  database: SyncDatabase,
  capability: string,
  deadline: number,
): Promise<Fence> {
  await runSchemaChange(database, database.dialect.schemaUp(), deadline)
  return beginUninstall(database, capability)
}

async function openInstall(database: SyncDatabase, capability: string, deadline: number): Promise<Fence> {
  await runSchemaChange(database, database.dialect.schemaUp(), deadline)
  return beginInstall(database, capability)
}

interface UninstallSide {
  readonly capability: string
  readonly shapes: readonly TableShape[]
  readonly deadline: number
  /** Of an uninstallation that was begun before it was asked whether it may be. */
  readonly fenced: Fence
}

/**
 * All of it out of one database, and each statement only while nobody has installed or cut over since. By what it is fenced goes last. What is not
 * there is no mistake.
 */
export async function uninstallSide(
  database: SyncDatabase,
  { capability, shapes, deadline, fenced }: UninstallSide,
): Promise<void> {
  const { dialect } = database
  const ancestors = await readAncestors(database, shapes)
  const parts = [
    ...dialect.captureDown(shapes, ancestors),
    ...shapes.flatMap((table) => dialect.guard(table, 'off')),
    ...dialect.targetDown(shapes),
  ].map((statement) => fenced([statement]))
  await runSchemaChange(database, [...parts, fenced(dialect.forgetCapability(capability))], deadline)
}

/**
 * One by one without a transaction, so that no lock is held for longer than one statement. After a lost lock it goes on with that statement:
 * on a busy table each may lose its own, and to begin with the first one again would never come to an end.
 */
export async function runSchemaChange(
  database: SyncDatabase,
  statements: readonly string[],
  deadline: number,
): Promise<void> {
  for (const sql of statements) await runWithPatience(database, sql, deadline)
}

async function runWithPatience(database: SyncDatabase, sql: string, deadline: number): Promise<void> {
  const began = Date.now()
  const atOnce = database.dialect.withoutWaiting?.(sql)
  const waitsFrom = atOnce === undefined ? began : began + Math.min(TRY_FOR_MS, (deadline - began) / 4)
  for (;;) {
    const mayWait = Date.now() >= waitsFrom
    try {
      await database.query({ sql: mayWait ? sql : (atOnce ?? sql), params: [] })
      return
    } catch (error) {
      if (classifyError(error) !== 'retry') rethrowRefusal(error)
      if (Date.now() > deadline) throw lockedOut(error)
      const pauseMs = mayWait ? RETRY_AFTER_MS : TRY_AGAIN_AFTER_MS
      await delay(Math.max(1, Math.min(pauseMs, deadline - Date.now())))
    }
  }
}

function lockedOut(error: unknown): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `A table could not be locked for its triggers in time, because transactions hold it for longer: ${describe(error)}.`,
    { fix: 'Repeat the command when no long transaction runs; what is done already stays.', cause: error },
  )
}

export async function readAncestors(
  source: SyncDatabase,
  tables: readonly TableShape[],
): Promise<TableShape[]> {
  const [first] = tables
  if (source.dialect.name !== 'mariadb' || first === undefined) return []
  return findAncestors(source.query, first.schema, tables)
}

interface Place {
  readonly schema: string
  readonly name: string
}

async function readShapes(
  database: SyncDatabase,
  tables: readonly SyncedTable[],
  placeOf: (table: SyncedTable) => Place,
): Promise<TableShape[]> {
  return Promise.all(
    tables.map(placeOf).map(async (place) => {
      const [shape] = await database.dialect.introspect(database.query, place.schema, [place.name])
      return shape ?? goneShape(place)
    }),
  )
}

/** A table that was dropped has left its function and its entries behind. */
function goneShape(place: Place): TableShape {
  return { ...place, columns: [], key: [], keyDeferrable: false, uniques: [], foreignKeys: [] }
}
