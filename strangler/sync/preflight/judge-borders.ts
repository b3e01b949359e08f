import type { ForeignKeyShape, TableShape } from '../../core/sync-words.ts'
import type { TableRoute } from '../mapping.ts'
import { type Finding, toFinding } from './findings.ts'

/** A foreign key of a table outside of the capability into one of its tables. */
export interface ReferringKey {
  readonly table: string
  readonly name: string
  readonly referenced: string
  readonly onDelete: string
  readonly onUpdate: string
}

export interface BorderFacts {
  readonly source: { readonly side: string; readonly referring: readonly ReferringKey[] }
  readonly target: { readonly side: string; readonly referring: readonly ReferringKey[] }
}

const CHANGES_ROWS = ['CASCADE', 'SET NULL', 'SET DEFAULT']

/** Foreign keys that cross the capability's border, on either side. Each is named once: one that cascades by what it does to rows, which is worse. */
export function judgeBorders(
  routes: readonly TableRoute[],
  { source: from, target: to }: BorderFacts,
): Finding[] {
  return [
    ...leaving(routes.map(({ source }) => source.table)).map(({ table, key }) => {
      const does = movesRows(key) ? 'changes its rows with' : 'points to'
      return toFinding(movesRows(key) ? 'CASCADE_FROM_OUTSIDE' : 'FOREIGN_KEY_CUT', {
        side: from.side,
        table: table.name,
        reason: `${showKey(table.name, key.name)} ${does} ${key.referencedTable}, which the capability does not own${showMoves(key)}`,
      })
    }),
    ...from.referring.map((key) => {
      const does = movesRows(key) ? 'changes rows with' : 'points to'
      return toFinding(movesRows(key) ? 'CASCADE_TO_OUTSIDE' : 'FOREIGN_KEY_CUT', {
        side: from.side,
        table: key.referenced,
        reason: `${showKey(key.table, key.name)}, which the capability does not own, ${does} ${key.referenced}${showMoves(key)}`,
      })
    }),
    ...leaving(routes.map(({ target }) => target.table)).map(({ table, key }) =>
      toFinding('FOREIGN_KEY_OUT', {
        side: to.side,
        table: table.name,
        reason: `${showKey(table.name, key.name)} points to ${key.referencedTable}, which is not synced`,
      }),
    ),
    ...to.referring.map((key) =>
      toFinding('FOREIGN_KEY_IN', {
        side: to.side,
        table: key.referenced,
        reason: `${showKey(key.table, key.name)}, which is not synced, points to ${key.referenced}`,
      }),
    ),
  ]
}

function leaving(tables: readonly TableShape[]): { table: TableShape; key: ForeignKeyShape }[] {
  const own = new Set(tables.map(({ name }) => name))
  return tables.flatMap((table) =>
    table.foreignKeys.filter((key) => !own.has(key.referencedTable)).map((key) => ({ table, key })),
  )
}

interface KeyRules {
  readonly onDelete: string
  readonly onUpdate: string
}

function movesRows({ onDelete, onUpdate }: KeyRules): boolean {
  return CHANGES_ROWS.includes(onDelete) || CHANGES_ROWS.includes(onUpdate)
}

function showMoves(key: KeyRules): string {
  return movesRows(key) ? ` (ON DELETE ${key.onDelete}, ON UPDATE ${key.onUpdate})` : ''
}

function showKey(table: string, name: string): string {
  return `the foreign key ${name} of ${table}`
}
