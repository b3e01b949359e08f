import type { ColumnType } from './column-type.ts'
import type { ServiceColumn, ServiceTable } from './service-table.ts'

/** A JSON Schema of the contract, as far as it is read here. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
}

/** A table with what its values are in the code. */
export interface TypedTable extends ServiceTable {
  readonly types: ReadonlyMap<string, ColumnType>
}

/** One member of an answer, and the column that it is. */
export interface MatchedMember {
  readonly member: string
  readonly column: ServiceColumn
  /** What the answer has: `integer`, `number`, `string`, `boolean`, or nothing that is known. */
  readonly wanted: string | undefined
  readonly isDate: boolean
}

export interface MatchedRow {
  readonly table: TypedTable
  readonly members: readonly MatchedMember[]
}

/** Names are the same when their letters and digits are: `qtyOnHand`, `qty_on_hand`. */
export const sameName = (one: string, other: string): boolean => normalize(one) === normalize(other)
const normalize = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

export const typesOf = ({ type = [] }: Schema): string[] =>
  (typeof type === 'string' ? [type] : [...type]).filter((name) => name !== 'null')

/** The table of which an object is one row, with nothing added: each of its members is a column. The smallest such table is it. */
export function matchRow(schema: Schema, tables: readonly TypedTable[]): MatchedRow | undefined {
  const properties = Object.entries(schema.properties ?? {})
  if (properties.length === 0 || !typesOf(schema).includes('object')) return undefined
  const fitting = tables.flatMap((table): MatchedRow[] => {
    const members = properties.map(([member, inner]) => matchMember(table, member, inner))
    return members.every((one) => one !== undefined) ? [{ table, members }] : []
  })
  return fitting.sort((one, other) => one.table.columns.length - other.table.columns.length)[0]
}

function matchMember(table: TypedTable, member: string, schema: Schema): MatchedMember | undefined {
  const column = findColumn(table, member)
  if (column === undefined) return undefined
  const wanted = typesOf(schema)
  if (!wanted.every((type) => canBecome(table.types.get(column.name)?.code ?? 'unknown', type)))
    return undefined
  return {
    member,
    column,
    wanted: wanted.length === 1 ? wanted[0] : undefined,
    isDate: schema.format === 'date',
  }
}

/** By the service's name of it or the monolith's. */
export function findColumn(table: ServiceTable, name: string): ServiceColumn | undefined {
  return (
    table.columns.find((column) => sameName(column.name, name)) ??
    table.columns.find((column) => sameName(column.origin, name))
  )
}

const BECOMES: Readonly<Record<ColumnType['code'], readonly string[]>> = {
  number: ['integer', 'number', 'string', 'boolean'],
  string: ['string', 'integer', 'number'],
  boolean: ['boolean'],
  Date: ['string'],
  Buffer: [],
  unknown: ['object', 'array', 'string', 'integer', 'number', 'boolean'],
}

const canBecome = (code: ColumnType['code'], type: string) => BECOMES[code].includes(type)
