import type { TableShape } from '../core/sync-words.ts'
import type { CutKey } from './facts.ts'

const MOVES_ROWS = ['CASCADE', 'SET NULL', 'SET DEFAULT']

/** The foreign keys between some tables and all others of a database. */
export function findCutKeys(tables: readonly TableShape[], own: readonly string[]): CutKey[] {
  const isOwn = (name: string) => own.includes(name)
  return tables.flatMap(({ name, foreignKeys }) =>
    foreignKeys.flatMap(({ referencedTable, onDelete }): CutKey[] => {
      if (isOwn(name) === isOwn(referencedTable)) return []
      const cascades = MOVES_ROWS.includes(onDelete)
      return isOwn(name)
        ? [{ table: name, other: referencedTable, way: 'out', cascades }]
        : [{ table: referencedTable, other: name, way: 'in', cascades }]
    }),
  )
}
