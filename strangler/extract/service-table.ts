import type { ColumnShape, ForeignKeyShape, TableShape } from '../core/sync-words.ts'

/** How the configuration has a table: what the service calls it, and its columns. */
export interface TableMapping {
  readonly table: string
  readonly as?: string | undefined
  /** Monolith column → service column, or null: not carried. */
  readonly columns?: Readonly<Record<string, string | null>> | undefined
  readonly constants?: Readonly<Record<string, string | null>> | undefined
  /** Functions make further columns, which nobody can read off a catalogue. */
  readonly isComputed: boolean
}

export interface ServiceColumn {
  readonly shape: ColumnShape
  /** In the service's database. */
  readonly name: string
  /** In the monolith's. */
  readonly origin: string
  /** In the code: camelCase. */
  readonly property: string
}

/** A table as the service is to have it. */
export interface ServiceTable {
  readonly name: string
  readonly origin: string
  /** `Book`: the entity, and what is made of it. */
  readonly entity: string
  readonly columns: readonly ServiceColumn[]
  readonly key: readonly string[]
  readonly uniques: readonly (readonly string[])[]
  /** Those that stay inside; by the service's names. */
  readonly foreignKeys: readonly (ForeignKeyShape & { readonly entity: string })[]
  /** What a person has to look at. */
  readonly todos: readonly string[]
}

/** The capability's tables by the service's own names; foreign keys that leave it are cut. */
export function toServiceTables(
  shapes: readonly TableShape[],
  mappings: readonly TableMapping[],
): ServiceTable[] {
  const named = shapes.flatMap((shape) => {
    const mapping = mappings.find(({ table }) => table === shape.name)
    return mapping === undefined ? [] : [{ shape, mapping, name: mapping.as ?? shape.name }]
  })
  const entities = new Map<string, string>()
  for (const { shape, name } of named)
    entities.set(shape.name, freeName(entityName(name), [...entities.values()]))
  const nameOf = new Map(named.map(({ shape, name }) => [shape.name, name]))
  return named.map(({ shape, mapping, name }) => {
    const columns = toColumns(shape, mapping)
    const renamed = (origins: readonly string[]) =>
      origins.map((origin) => columns.find((column) => column.origin === origin)?.name)
    const isWhole = (names: readonly (string | undefined)[]): names is string[] => !names.includes(undefined)
    const inside = shape.foreignKeys.filter(({ referencedTable }) => entities.has(referencedTable))
    return {
      ...{ name, origin: shape.name, entity: entities.get(shape.name) ?? name, columns },
      key: renamed(shape.key).filter((column) => column !== undefined),
      uniques: shape.uniques.map(renamed).filter(isWhole),
      foreignKeys: inside.flatMap((key) => {
        const own = renamed(key.columns)
        const other = mappings.find(({ table }) => table === key.referencedTable)?.columns ?? {}
        return isWhole(own)
          ? [
              {
                ...key,
                columns: own,
                referencedTable: nameOf.get(key.referencedTable) ?? key.referencedTable,
                referencedColumns: key.referencedColumns.map((column) => other[column] ?? column),
                entity: entities.get(key.referencedTable) ?? '',
              },
            ]
          : []
      }),
      todos: listTodos(shape, mapping, entities),
    }
  })
}

function toColumns(shape: TableShape, { columns = {} }: TableMapping): ServiceColumn[] {
  const taken: string[] = []
  return shape.columns.flatMap((column) => {
    const name = columns[column.name] === undefined ? column.name : columns[column.name]
    if (name === null || name === undefined) return []
    const property = freeName(propertyName(name), taken)
    taken.push(property)
    return [{ shape: column, name, origin: column.name, property }]
  })
}

function listTodos(
  shape: TableShape,
  { constants = {}, isComputed }: TableMapping,
  inside: ReadonlyMap<string, string>,
): string[] {
  const cut = shape.foreignKeys.filter(({ referencedTable }) => !inside.has(referencedTable))
  const generated = shape.columns.filter((column) => column.generated)
  return [
    ...(shape.key.length === 0
      ? ['it has no key that the sync could use: `strangler doctor` says what to do']
      : []),
    ...cut.map(
      ({ columns, referencedTable }) =>
        `${columns.join(', ')} pointed to ${referencedTable} of the monolith, and nothing checks that here`,
    ),
    ...generated.map(({ name }) => `${name} was computed by the monolith’s database`),
    ...Object.keys(constants).map(
      (name) => `add the column ${name}, which the configuration has as a constant`,
    ),
    ...(isComputed ? ['add the columns that `map` of the configuration makes'] : []),
  ]
}

const wordsIn = (text: string) =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')

export const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** `qty_on_hand` → `qtyOnHand`. */
export function propertyName(name: string): string {
  const [first = 'column', ...rest] = wordsIn(name)
  const text = [first.toLowerCase(), ...rest.map((word) => capitalize(word.toLowerCase()))].join('')
  return /^[a-z]/.test(text) ? text : `c${capitalize(text)}`
}

/** `book_tags` → `BookTag`. */
function entityName(table: string): string {
  const words = wordsIn(table).map((word) => capitalize(word.toLowerCase()))
  const text =
    words
      .join('')
      .replace(/(?<=..[^s])s$/, '')
      .replace(/ie$/, 'y') || 'Row'
  const name = /^[A-Z]/.test(text) ? text : `T${text}`
  return RESERVED.has(name) ? `${name}Row` : name
}

/** Names that the generated files use themselves, or that everybody takes for something else. */
const RESERVED = new Set([
  'Date',
  'Buffer',
  'Router',
  'Request',
  'Response',
  'EntitySchema',
  'DataSource',
  'Error',
  'Object',
  'String',
  'Number',
  'Boolean',
  'Map',
  'Set',
  'Symbol',
  'Promise',
  'Array',
  'Function',
  'JSON',
])

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted}${number}`
  return name
}
