import type { CellText, TableShape } from '../core/sync-words.ts'
import type { TableColumns } from './dialect.ts'
import { pairTables } from './pair-tables.ts'

/** A row by column names, every value as canonical text. */
export type RowTexts = Readonly<Record<string, CellText>>

/** How one table of the monolith becomes one table of the service. */
export interface TableMapping {
  /** The table's name in the monolith. */
  readonly table: string
  /** Its name in the service; the same by default. */
  readonly as?: string | undefined
  /** Monolith column → service column, or null: not synced. Columns that are not named keep their name. */
  readonly columns?: Readonly<Record<string, string | null>> | undefined
  /** Columns of the service only, with the canonical text that they always have. */
  readonly constants?: RowTexts | undefined
  /** Further columns of the service from the monolith's row, and back. What they return wins over the renamed columns. */
  readonly map?: ((row: RowTexts) => RowTexts) | undefined
  readonly unmap?: ((row: RowTexts) => RowTexts) | undefined
}

/** One table's way in one direction: what is read, what is written, and how a row becomes the other. */
export interface TableRoute {
  readonly source: TableColumns
  readonly target: TableColumns
  /** From the source's columns in order to the target's columns in order. @throws whatever the mapping's own function throws */
  convert(row: readonly CellText[]): CellText[]
}

export interface CompiledMapping {
  readonly forward: TableRoute
  readonly reverse: TableRoute
  /** Why it must not be used, in sentences; empty when all is well. */
  readonly problems: readonly string[]
}

/** Settles which columns go where. Nothing is asserted about `map` and `unmap` here: `proveMapping` shows it on rows. */
export function compileMapping(
  mapping: TableMapping,
  monolithShape: TableShape,
  serviceShape: TableShape,
): CompiledMapping {
  const renamed = renameColumns(mapping, monolithShape, serviceShape)
  const { monolith, service, problems } = pairTables({
    monolith: monolithShape,
    service: serviceShape,
    renamed,
    // What functions give instead is shown on rows.
    isConverted: mapping.map !== undefined,
  })
  const constants = Object.keys(mapping.constants ?? {})
  const taken = new Set([...renamed.values(), ...constants])
  const written = writable(service).filter((name) => taken.has(name) || mapping.map !== undefined)
  const computed = monolith.columns.filter(({ name, generated }) => generated && renamed.has(name))
  const read = [...writable(monolith), ...computed.map(({ name }) => name)].filter(
    (name) => mapping.columns?.[name] !== null,
  )
  const restored = writable(monolith)
    .filter((name) => mapping.columns?.[name] !== null)
    .filter((name) => renamed.has(name) || mapping.unmap !== undefined)
  const [source, target] = [
    { table: monolith, columns: read },
    { table: service, columns: written },
  ]
  const back = new Map([...renamed].map(([from, to]) => [to, from]))
  return {
    forward: {
      source,
      target,
      convert:
        mapping.map === undefined
          ? copier({ from: source, to: target, names: back }, mapping.constants)
          : converter(source, target, forwardOf(mapping, renamed)),
    },
    reverse: {
      source: target,
      target: { table: monolith, columns: restored },
      convert:
        mapping.unmap === undefined
          ? copier({ from: target, to: { table: monolith, columns: restored }, names: renamed })
          : converter(target, { table: monolith, columns: restored }, reverseOf(mapping, back)),
    },
    problems: [...findProblems(mapping, { monolith, service, renamed }), ...problems],
  }
}

/** Monolith column → service column, without those that are dropped or have no place. What the monolith computes is read, never written. */
function renameColumns(
  mapping: TableMapping,
  monolith: TableShape,
  service: TableShape,
): Map<string, string> {
  const there = new Set(writable(service))
  const pairs = monolith.columns.flatMap(({ name }): [string, string][] => {
    const to = mapping.columns?.[name] === undefined ? name : mapping.columns[name]
    return to !== null && there.has(to) ? [[name, to]] : []
  })
  return new Map(pairs)
}

function writable(table: TableShape): string[] {
  return table.columns.filter((column) => !column.generated).map((column) => column.name)
}

type ConvertRow = (row: RowTexts) => RowTexts

function forwardOf(mapping: TableMapping, renamed: ReadonlyMap<string, string>): ConvertRow {
  return (row) => ({ ...rename(row, renamed), ...mapping.constants, ...mapping.map?.(row) })
}

function reverseOf(mapping: TableMapping, back: ReadonlyMap<string, string>): ConvertRow {
  return (row) => ({ ...rename(row, back), ...mapping.unmap?.(row) })
}

function rename(row: RowTexts, names: ReadonlyMap<string, string>): RowTexts {
  return Object.fromEntries([...names].map(([from, to]) => [to, row[from] ?? null]))
}

/** Without functions a cell only changes its place: a tenth of the time that naming every cell of every row takes. */
function copier(
  { from, to, names }: { from: TableColumns; to: TableColumns; names: ReadonlyMap<string, string> },
  constants: RowTexts = {},
): TableRoute['convert'] {
  const cells = to.columns.map((name) => ({
    position: Object.hasOwn(constants, name) ? -1 : from.columns.indexOf(names.get(name) ?? ''),
    constant: constants[name] ?? null,
  }))
  return (row) => cells.map(({ position, constant }) => (position < 0 ? constant : (row[position] ?? null)))
}

function converter(from: TableColumns, to: TableColumns, convertRow: ConvertRow): TableRoute['convert'] {
  return (cells) => {
    const row = Object.fromEntries(from.columns.map((name, position) => [name, cells[position] ?? null]))
    const converted = convertRow(row)
    return to.columns.map((name) => converted[name] ?? null)
  }
}

interface MappedShapes {
  readonly monolith: TableShape
  readonly service: TableShape
  readonly renamed: ReadonlyMap<string, string>
}

function findProblems(mapping: TableMapping, { monolith, service, renamed }: MappedShapes): string[] {
  const at = `${monolith.name} → ${service.name}`
  const known = new Set(monolith.columns.map((column) => column.name))
  const unknown = Object.keys(mapping.columns ?? {}).filter((name) => !known.has(name))
  const homeless = writable(monolith).filter((name) => !renamed.has(name) && mapping.columns?.[name] !== null)
  const targets = [...renamed.values(), ...Object.keys(mapping.constants ?? {})]
  const doubled = targets.filter((name, position) => targets.indexOf(name) !== position)
  const keys = monolith.key.map((name) => renamed.get(name))
  return [
    ...unknown.map((name) => `${at}: the monolith's table has no column ${name}`),
    ...doubled.map((name) => `${at}: two values go into the column ${name}, so there is no way back`),
    ...(mapping.map === undefined ? homeless : []).map(
      (name) =>
        `${at}: the column ${name} has no place in the service; rename it, or drop it with \`${name}: null\``,
    ),
    ...(mapping.map !== undefined && mapping.unmap === undefined
      ? [`${at}: \`map\` has no \`unmap\`, so there is no way back`]
      : []),
    ...(keys.length === 0 || keys.join() !== service.key.join()
      ? [`${at}: the keys differ: (${monolith.key.join(', ')}) and (${service.key.join(', ')})`]
      : []),
  ]
}

/** What a mapping does to real rows, given as the source's texts: every row that does not come back as it was, or whose key changes. */
export function proveMapping(compiled: CompiledMapping, rows: readonly (readonly CellText[])[]): string[] {
  const { forward, reverse } = compiled
  return rows.flatMap((row) => {
    const shown = showKey(forward.source, row)
    try {
      const there = forward.convert(row)
      if (showKey(forward.target, there) !== shown)
        return [`${shown}: its key changes to ${showKey(forward.target, there)}`]
      const back = reverse.convert(there)
      return reverse.target.columns.flatMap((name, position) => {
        const before = row[forward.source.columns.indexOf(name)] ?? null
        const after = back[position] ?? null
        return before === after
          ? []
          : [`${shown}: ${name} was ${show(before)} and comes back as ${show(after)}`]
      })
    } catch (error) {
      return [`${shown}: ${error instanceof Error ? error.message : String(error)}`]
    }
  })
}

function showKey({ table, columns }: TableColumns, row: readonly CellText[]): string {
  return JSON.stringify(table.key.map((name) => row[columns.indexOf(name)] ?? null))
}

function show(cell: CellText): string {
  return cell === null ? 'NULL' : JSON.stringify(cell)
}
