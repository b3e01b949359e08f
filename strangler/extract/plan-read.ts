import { parametersOf, toOpenApiPath } from '../compare/contract/match-path.ts'
import {
  findColumn,
  type MatchedRow,
  matchRow,
  type Schema,
  sameName,
  type TypedTable,
  typesOf,
} from './match-row.ts'
import type { ServiceColumn } from './service-table.ts'

/** A contract, as far as it is read here. */
export interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ContractOperation>>>>
}

interface ContractOperation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>
  >
}

/** A parameter of the path or the query that a column must be equal to. */
export interface Condition {
  readonly parameter: string
  readonly column: ServiceColumn
}

/** What stands at one member of the answer beside the rows. */
export type EnvelopePart =
  | { readonly kind: 'rows' | 'row' | 'count' | 'total' | 'now' | 'request-id' | 'page' | 'size' | 'offset' }
  | { readonly kind: 'parameter'; readonly parameter: string }

export interface Paging {
  readonly page?: string
  readonly size?: string
  readonly offset?: string
}

/** A GET that is answered from one table. */
export interface PlainRead {
  readonly row: MatchedRow
  readonly shape: 'row' | 'rows'
  /** In the order of the contract; absent: the answer is the row or the list itself. */
  readonly envelope?: readonly (readonly [member: string, part: EnvelopePart])[]
  readonly path: readonly Condition[]
  readonly query: readonly Condition[]
  readonly paging: Paging
}

export type ReadPlan = { readonly read: PlainRead } | { readonly because: string }

/**
 * Whether an endpoint is a plain read of one table by its contract, or why not. It guesses nothing that the comparison would not find:
 * what it does not understand, it leaves to a person.
 * @param endpoint `GET /api/books/:isbn`
 */
export function planRead(
  endpoint: string,
  { contract, tables }: { contract: Contract | undefined; tables: readonly TypedTable[] },
): ReadPlan {
  const [method = '', template = ''] = endpoint.split(/ (.*)/s)
  if (method !== 'GET') return { because: 'it is no GET' }
  const operation = contract?.paths[toOpenApiPath(template)]?.['get']
  if (operation === undefined)
    return { because: 'the contract does not have it: it was not seen when that was recorded' }
  const schema = operation.responses['200']?.content?.['application/json']?.schema as Schema | undefined
  if (schema === undefined) return { because: 'its answer is no JSON with 200' }
  const parameters = parametersOf(template)
  const queries = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
  const found = findRows(schema, tables)
  if (found === undefined) return { because: 'its answer is not made of the rows of one table' }
  const { row } = found.body
  const path = parameters.map((parameter) => ({
    parameter,
    column: findColumn(row.table, parameter) ?? keyColumn(row.table, parameters),
  }))
  const lost = path.find(({ column }) => column === undefined)
  if (lost !== undefined) return { because: `${row.table.name} has no column for :${lost.parameter}` }
  const conditions = path as Condition[]
  if (found.body.shape === 'row' && !isOneRow(row.table, conditions))
    return { because: `its path does not name one row of ${row.table.name}` }
  const paging = readPaging(queries)
  const envelope = found.rest.map(
    ([member, inner]) => [member, partOf(member, inner, { parameters, paging })] as const,
  )
  const unknown = envelope.find(([, part]) => part === undefined)
  if (unknown !== undefined) return { because: `"${unknown[0]}" of its answer is no column` }
  return {
    read: {
      ...found.body,
      ...{ path: conditions, paging },
      query: queries.flatMap((parameter) => {
        const column = findColumn(row.table, parameter)
        return column === undefined ? [] : [{ parameter, column }]
      }),
      ...(found.member === undefined
        ? {}
        : { envelope: inOrder(schema, found.member, found.body.shape, envelope) }),
    },
  }
}

type Body = Pick<PlainRead, 'row' | 'shape'>

interface FoundRows {
  readonly body: Body
  /** Where they stand; undefined: the answer is nothing else. */
  readonly member?: string
  readonly rest: readonly (readonly [string, Schema])[]
}

/** A row, a list of rows, or an object of which one member is such. */
function findRows(schema: Schema, tables: readonly TypedTable[]): FoundRows | undefined {
  const whole = bodyOf(schema, tables)
  if (whole !== undefined) return { body: whole, rest: [] }
  const members = Object.entries(schema.properties ?? {})
  const found = members.flatMap(([member, inner]) => {
    const body = bodyOf(inner, tables)
    return body === undefined ? [] : [{ member, body }]
  })
  const [first] = found
  if (first === undefined || found.length > 1) return undefined
  return { ...first, rest: members.filter(([member]) => member !== first.member) }
}

function bodyOf(schema: Schema, tables: readonly TypedTable[]): Body | undefined {
  const isList = typesOf(schema).join() === 'array'
  const row = matchRow(isList ? (schema.items ?? {}) : schema, tables)
  return row === undefined ? undefined : { row, shape: isList ? 'rows' : 'row' }
}

/** Whoever has only seen traffic calls the one parameter of a path `id`: where it names a row, it is the key. */
function keyColumn({ key, columns }: TypedTable, parameters: readonly string[]): ServiceColumn | undefined {
  const [only, ...others] = key
  if (parameters.join() !== 'id' || others.length > 0) return undefined
  return columns.find(({ name }) => name === only)
}

/** Its key, or something else that is unique. */
function isOneRow(table: TypedTable, conditions: readonly Condition[]): boolean {
  const names = conditions.map(({ column }) => column.name)
  return [table.key, ...table.uniques].some(
    (key) => key.length > 0 && key.every((name) => names.includes(name)),
  )
}

const SIZE_NAMES = ['pageSize', 'perPage', 'limit', 'size']
const OFFSET_NAMES = ['offset', 'skip']
const isOneOf = (name: string, names: readonly string[]) => names.some((known) => sameName(known, name))

function readPaging(queries: readonly string[]): Paging {
  const page = queries.find((name) => sameName(name, 'page'))
  const size = queries.find((name) => isOneOf(name, SIZE_NAMES))
  const offset = queries.find((name) => isOneOf(name, OFFSET_NAMES))
  return {
    ...(page === undefined ? {} : { page }),
    ...(size === undefined ? {} : { size }),
    ...(offset === undefined ? {} : { offset }),
  }
}

/** The few words that answers have beside their rows. */
function partOf(
  member: string,
  schema: Schema,
  { parameters, paging }: { parameters: readonly string[]; paging: Paging },
): EnvelopePart | undefined {
  const type = typesOf(schema).join()
  const parameter = parameters.find((name) => sameName(name, member))
  if (parameter !== undefined) return { kind: 'parameter', parameter }
  if (type === 'integer') {
    if (isOneOf(member, ['count'])) return { kind: 'count' }
    if (isOneOf(member, ['total', 'totalCount', 'totalItems'])) return { kind: 'total' }
    if (paging.page !== undefined && sameName(member, 'page')) return { kind: 'page' }
    if (paging.size !== undefined && isOneOf(member, SIZE_NAMES)) return { kind: 'size' }
    if (paging.offset !== undefined && isOneOf(member, OFFSET_NAMES)) return { kind: 'offset' }
  }
  if (type !== 'string') return undefined
  if (isOneOf(member, ['generatedAt', 'timestamp', 'now'])) return { kind: 'now' }
  return isOneOf(member, ['requestId', 'correlationId']) ? { kind: 'request-id' } : undefined
}

function inOrder(
  schema: Schema,
  rowsMember: string,
  shape: PlainRead['shape'],
  envelope: readonly (readonly [string, EnvelopePart | undefined])[],
): [string, EnvelopePart][] {
  const parts = new Map(envelope)
  return Object.keys(schema.properties ?? {}).map((member) => [
    member,
    member === rowsMember ? { kind: shape } : (parts.get(member) ?? { kind: 'now' }),
  ])
}
