import type { ColumnShape, ForeignKeyShape, TableShape } from '../core/sync-words.ts'

/** What the sync relies on in some tables, by table and then by part: `column qty` → `integer NOT NULL`. */
export type Fingerprint = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Of the shapes as they are; a table that is not there has none. */
export function takeFingerprint(tables: readonly TableShape[]): Fingerprint {
  return Object.fromEntries(tables.map((table) => [table.name, describeTable(table)]))
}

function describeTable({ columns, key, keyRefused, foreignKeys }: TableShape): Record<string, string> {
  return Object.fromEntries([
    ...columns.map((column) => [`column ${column.name}`, describeColumn(column)]),
    ['key', keyRefused ?? `(${key.join(', ')})`],
    ...foreignKeys.map((foreign) => [`foreign key ${foreign.name}`, describeForeignKey(foreign)]),
  ])
}

function describeColumn({ type, nullable, generated, collation, enumLabels }: ColumnShape): string {
  return [
    type,
    ...(nullable ? [] : ['NOT NULL']),
    ...(generated ? ['generated'] : []),
    ...(collation === undefined ? [] : [collation]),
    // A type of the catalogue of its own shows its name only.
    ...(enumLabels === undefined ? [] : [`of ${enumLabels.join(', ')}`]),
  ].join(' ')
}

function describeForeignKey(foreign: ForeignKeyShape): string {
  const { columns, referencedTable, referencedColumns, onDelete, onUpdate } = foreign
  return `(${columns.join(', ')}) → ${referencedTable} (${referencedColumns.join(', ')}), on delete ${onDelete}, on update ${onUpdate}`
}

/** How the second differs from the first, in plain words; empty when they are the same. */
export function compareFingerprints(before: Fingerprint, after: Fingerprint): string[] {
  return Object.entries(before).flatMap(([table, parts]) => {
    const now = after[table]
    if (now === undefined) return [`the table ${table} is gone`]
    const lost = Object.keys(parts).filter((part) => now[part] === undefined)
    const gained = Object.keys(now).filter((part) => parts[part] === undefined)
    const changed = Object.keys(now).filter((part) => parts[part] !== undefined && parts[part] !== now[part])
    return [
      ...lost.map((part) => `${table} has lost the ${part}`),
      ...gained.map((part) => `${table} has a new ${part}: ${now[part]}`),
      ...changed.map((part) => `the ${part} of ${table} was ${parts[part]} and is ${now[part]}`),
    ]
  })
}
