import { StranglerError } from '../../../core/errors.ts'
import type { ForeignKeyShape, TableShape } from '../../../core/sync-words.ts'
import { logKey, unlessApplying } from './log-entry.ts'
import { createTrigger, dropTrigger, nameTrigger, quoteName } from './names.ts'
import { findColumn, writeKeyText } from './values.ts'

/**
 * Cascades fire no triggers in MariaDB, so the parent's trigger logs the children. It locks them first: a version that is
 * taken without the row's lock may be lower than that of a change that commits before, and the delete would be lost.
 * The lock is of the row itself, so the child is read a second time by its key: its foreign key's index often holds all that is asked for,
 * and then only the index's entry is locked, past which whoever changes other columns goes.
 * The lock is LOCK IN SHARE MODE: FOR UPDATE counts as writing to the child, and then `DELETE FROM parent WHERE id IN (SELECT …
 * FROM child)` and `UPDATE parent JOIN child` fail with error 1442, which the application would see. The price: whoever changes
 * a child at that very moment may be chosen as the victim of a deadlock instead of waiting.
 */
const LOCK = 'LOCK IN SHARE MODE'

/** InnoDB itself ends cascades after 15 levels, so a circle of foreign keys is unrolled as often. */
const DEEPEST = 15
const MOST_LOOPS = 200

const CASCADING = ['CASCADE', 'SET NULL']

interface Edge {
  readonly child: TableShape
  readonly key: ForeignKeyShape
}

/** What is written for one captured table, whose entries alone the loops make: another capability's triggers stand beside it. */
interface Plan {
  readonly logged: TableShape
  readonly all: readonly TableShape[]
  readonly lock: string
  loops: number
}

/** SQL of a value of the parent's row. */
type ValueOf = (column: string) => string

/**
 * Triggers on all tables from which a cascade reaches a captured one.
 * @param lock only a test that shows what happens without it passes another
 * @throws StranglerError STRANGLER_CONFIG_INVALID when circles of foreign keys make too many paths
 */
export function cascadeUp(
  tables: readonly TableShape[],
  ancestors: readonly TableShape[],
  lock: string = LOCK,
): string[] {
  const all = [...tables, ...ancestors]
  return tables.flatMap((logged) =>
    parentNames(all).flatMap((parent) => createTriggers(parent, { logged, all, lock, loops: 0 })),
  )
}

export function cascadeDown(tables: readonly TableShape[], ancestors: readonly TableShape[]): string[] {
  return tables.flatMap((logged) =>
    parentNames([...tables, ...ancestors]).flatMap((parent) =>
      (['delete', 'update', 'moved'] as const).map((purpose) =>
        dropTrigger(nameCascade(purpose, parent, logged.name)),
      ),
    ),
  )
}

function nameCascade(purpose: 'delete' | 'update' | 'moved', parent: string, child: string): string {
  return nameTrigger(`capture_${purpose}`, `${parent}__${child}`)
}

function parentNames(all: readonly TableShape[]): string[] {
  return [...new Set(all.flatMap((table) => table.foreignKeys.map((key) => key.referencedTable)))]
}

function createTriggers(parent: string, plan: Plan): string[] {
  const before: ValueOf = (column) => `OLD.${quoteName(column)}`
  const after: ValueOf = (column) => `NEW.${quoteName(column)}`
  const name = (purpose: 'delete' | 'update' | 'moved') => nameCascade(purpose, parent, plan.logged.name)
  const bodies = [
    [name('delete'), 'BEFORE DELETE', logDeleted(parent, before, plan, 1)],
    [name('update'), 'BEFORE UPDATE', logUpdated(parent, undefined, before, plan, 1)],
    // The keys that a cascade has given to children are locked by it, so they are logged after it.
    [name('moved'), 'AFTER UPDATE', logMoved(parent, undefined, after, plan, 1)],
  ] as const
  return bodies
    .filter(([, , body]) => body !== '')
    .map(([trigger, moment, body]) => createTrigger(trigger, moment, parent, unlessApplying(body)))
}

/** Loops over the children of a row that will be deleted. */
function logDeleted(parent: string, valueAt: ValueOf, plan: Plan, depth: number): string {
  return edgesTo(parent, plan, depth)
    .filter(({ key }) => CASCADING.includes(key.onDelete))
    .map((edge) => {
      const inner: Inner = (values) =>
        edge.key.onDelete === 'CASCADE'
          ? logDeleted(edge.child.name, values, plan, depth + 1)
          : logUpdated(edge.child.name, edge.key.columns, values, plan, depth + 1)
      return writeLoop(edge, valueAt, plan, { depth, inner, op: edge.key.onDelete === 'CASCADE' ? 'D' : 'U' })
    })
    .join('')
}

/** Loops over the children of a row whose `changed` columns (undefined: look at OLD and NEW) will change. */
function logUpdated(
  parent: string,
  changed: readonly string[] | undefined,
  valueAt: ValueOf,
  plan: Plan,
  depth: number,
): string {
  return edgesTo(parent, plan, depth)
    .filter(({ key }) => CASCADING.includes(key.onUpdate) && touches(key, changed))
    .map((edge) => {
      const inner: Inner = (values) => logUpdated(edge.child.name, edge.key.columns, values, plan, depth + 1)
      return onlyIfChanged(edge, changed, writeLoop(edge, valueAt, plan, { depth, inner, op: 'U' }))
    })
    .join('')
}

/** The same, after the cascade, over children whose own key it has changed. */
function logMoved(
  parent: string,
  changed: readonly string[] | undefined,
  valueAt: ValueOf,
  plan: Plan,
  depth: number,
): string {
  return edgesTo(parent, plan, depth)
    .filter(({ key }) => key.onUpdate === 'CASCADE' && touches(key, changed))
    .map((edge) => {
      const inner: Inner = (values) => logMoved(edge.child.name, edge.key.columns, values, plan, depth + 1)
      const movesKey = edge.key.columns.some((column) => edge.child.key.includes(column))
      const loop = writeLoop(edge, valueAt, plan, { depth, inner, op: 'U', silent: !movesKey })
      return onlyIfChanged(edge, changed, loop)
    })
    .join('')
}

type Inner = (valueAt: ValueOf) => string

interface LoopOptions {
  readonly depth: number
  /** Writes what is done for the child's own children. */
  readonly inner: Inner
  readonly op: 'U' | 'D'
  /** Only the child's children are logged. */
  readonly silent?: boolean
}

/** The cursor is read, and so every child locked, before the first entry is made. Empty when nothing would be logged. */
function writeLoop({ child, key }: Edge, valueAt: ValueOf, plan: Plan, options: LoopOptions): string {
  const record = `strangler_row_${options.depth}`
  const inner = options.inner((column) => `${record}.${quoteName(column)}`)
  const logs = child.name === plan.logged.name && options.silent !== true
  if (!logs && inner === '') return ''
  plan.loops += 1
  if (plan.loops > MOST_LOOPS) throw tooManyPaths(plan.logged.name)
  const needed = inner === '' ? [] : referencedColumns(child.name, plan.all)
  const row = child.key.length > 0 ? 'r' : 'c'
  const selected = [
    `${child.key.length > 0 ? writeKeyText(child, row) : 'NULL'} AS strangler_key`,
    ...needed.map((column) => `${row}.${quoteName(column)}`),
  ]
  const matches = key.columns.map(
    (column, index) => `c.${quoteName(column)} = ${valueAt(key.referencedColumns[index]!)}`,
  )
  return `FOR ${record} IN (SELECT ${selected.join(', ')} FROM ${quoteName(child.name)} c${joinRow(child)} WHERE ${matches.join(' AND ')} ${plan.lock}) DO
${logs ? `${logKey(child.name, `${record}.strangler_key`, options.op)}\n` : ''}${inner}END FOR;\n`
}

function joinRow(child: TableShape): string {
  if (child.key.length === 0) return ''
  const same = child.key.map((column) => `r.${quoteName(column)} = c.${quoteName(column)}`)
  return ` STRAIGHT_JOIN ${quoteName(child.name)} r ON ${same.join(' AND ')}`
}

function onlyIfChanged(edge: Edge, changed: readonly string[] | undefined, loop: string): string {
  if (loop === '' || changed !== undefined) return loop
  const same = edge.key.referencedColumns.map((column, index) => {
    // A collation may call texts equal that differ, and the cascade happens all the same.
    const isText = findColumn(edge.child, edge.key.columns[index]!).collation !== undefined
    const value = (row: 'OLD' | 'NEW') =>
      isText ? `CAST(${row}.${quoteName(column)} AS BINARY)` : `${row}.${quoteName(column)}`
    return `${value('OLD')} <=> ${value('NEW')}`
  })
  return `IF NOT (${same.join(' AND ')}) THEN\n${loop}END IF;\n`
}

function edgesTo(parent: string, plan: Plan, depth: number): Edge[] {
  if (depth > DEEPEST) return []
  return plan.all.flatMap((child) =>
    child.foreignKeys.filter((key) => key.referencedTable === parent).map((key) => ({ child, key })),
  )
}

function touches(key: ForeignKeyShape, changed: readonly string[] | undefined): boolean {
  return changed === undefined || key.referencedColumns.some((column) => changed.includes(column))
}

function referencedColumns(table: string, all: readonly TableShape[]): string[] {
  const keys = all.flatMap(({ foreignKeys }) => foreignKeys.filter((key) => key.referencedTable === table))
  return [...new Set(keys.flatMap((key) => key.referencedColumns))]
}

function tooManyPaths(table: string): StranglerError {
  return new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `Cascades reach table ${table} on more than ${MOST_LOOPS} paths, because foreign keys form circles; a trigger cannot follow them all.`,
    {
      fix: "Replace ON DELETE/UPDATE CASCADE on one of the circle's foreign keys by deletes of the application, or leave the table out.",
    },
  )
}
