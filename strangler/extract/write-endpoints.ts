import type { MatchedMember, MatchedRow, TypedTable } from './match-row.ts'
import type { EnvelopePart, PlainRead, ReadPlan } from './plan-read.ts'
import { comment, literal, memberKey } from './write-code.ts'

export interface PlannedEndpoint {
  /** As the configuration has it: `GET /api/books/:isbn`. */
  readonly endpoint: string
  /** Where the service is asked, when the proxy rewrites the path. */
  readonly path: string
  readonly plan: ReadPlan
}

/** `endpoints.ts`: plain reads are answered, everything else says 501 and what is to be done. */
export function writeEndpoints(planned: readonly PlannedEndpoint[]): string {
  const inOrder = [...planned].sort((one, other) => compareTemplates(one.path, other.path))
  const presenters = namePresenters(inOrder)
  const reads = inOrder.flatMap(({ plan }) => ('read' in plan ? [plan.read] : []))
  const unbuilt = inOrder.filter(({ plan }) => !('read' in plan))
  return [
    ...writeImports(reads, unbuilt.length > 0),
    '/** What still answers 501. Its to-do stands where it is mounted. */',
    ...(unbuilt.length === 0
      ? ['export const NOT_BUILT: string[] = []']
      : ['export const NOT_BUILT = [', ...unbuilt.map(({ endpoint }) => `  ${literal(endpoint)},`), ']']),
    '',
    ...writePathValues(inOrder),
    '',
    ...[...presenters.values()].flatMap(writePresenter),
    '/** In the order in which Express tries them: fixed names before parameters. */',
    `export function endpoints(${reads.length === 0 ? '_' : ''}dataSource: DataSource): Router {`,
    '  const router = Router()',
    ...inOrder.flatMap((one) => writeEndpoint(one, presenters)),
    '',
    '  return router',
    '}',
    '',
  ].join('\n')
}

/** Like the proxy: what is fixed goes before what is not. */
function compareTemplates(one: string, other: string): number {
  const [left, right] = [one.split('/'), other.split('/')]
  for (const [index, segment] of left.entries()) {
    const against = right[index]
    if (against === undefined) return 1
    const difference = Number(/[:*{]/.test(segment)) - Number(/[:*{]/.test(against))
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function writeImports(reads: readonly PlainRead[], hasUnbuilt: boolean): string[] {
  const tables = new Map(reads.map(({ row: { table } }) => [table.entity, table]))
  const names = [...tables.keys()].sort().flatMap((entity) => [`type ${entity}`, `${entity}Schema`])
  const needs = (pattern: RegExp) => reads.some((read) => pattern.test(JSON.stringify(read.envelope ?? [])))
  const problems = [
    ...(hasUnbuilt ? ['notBuilt'] : []),
    ...(reads.some(({ shape }) => shape === 'row') ? ['notFound'] : []),
  ]
  const queries = [
    ...(needs(/"now"/) ? ['now'] : []),
    ...(reads.some(({ paging }) => Object.keys(paging).length > 0) ? ['numberOf'] : []),
    ...(reads.length > 0 ? ['requireKnown'] : []),
    ...(reads.some(({ query }) => query.length > 0) ? ['textOf'] : []),
  ]
  return [
    ...(needs(/"request-id"/) ? ["import { randomUUID } from 'node:crypto'"] : []),
    "import { Router } from 'express'",
    "import type { DataSource } from 'typeorm'",
    ...(names.length === 0 ? [] : [`import { ${names.join(', ')} } from './entities.ts'`]),
    ...(problems.length === 0 ? [] : [`import { ${problems.join(', ')} } from './problem.ts'`]),
    ...(queries.length === 0 ? [] : [`import { ${queries.join(', ')} } from './read-query.ts'`]),
    '',
  ]
}

function writePathValues(planned: readonly PlannedEndpoint[]): string[] {
  const lines = planned.flatMap(({ endpoint, plan }) => {
    if (!('read' in plan) || plan.read.path.length === 0) return []
    const { row, path } = plan.read
    const columns = path.map(
      ({ parameter, column }) => `${memberKey(parameter)}: ${literal(column.property)}`,
    )
    return `  ${literal(endpoint)}: { entity: ${literal(row.table.entity)}, columns: { ${columns.join(', ')} } },`
  })
  return [
    '/** Where the contract test finds values for the parameters of a path. */',
    'export const PATH_VALUES: Record<string, { entity: string; columns: Record<string, string> }> = {',
    ...lines,
    '}',
  ]
}

interface Presenter {
  readonly name: string
  readonly row: MatchedRow
}

/** Endpoints that show a table in the same way share one. */
function namePresenters(planned: readonly PlannedEndpoint[]): Map<string, Presenter> {
  const presenters = new Map<string, Presenter>()
  const counts = new Map<string, number>()
  for (const { plan } of planned) {
    if (!('read' in plan)) continue
    const { row } = plan.read
    const key = keyOfRow(row)
    if (presenters.has(key)) continue
    const count = (counts.get(row.table.entity) ?? 0) + 1
    counts.set(row.table.entity, count)
    presenters.set(key, { name: `present${row.table.entity}${count === 1 ? '' : count}`, row })
  }
  return presenters
}

const keyOfRow = ({ table, members }: MatchedRow) =>
  JSON.stringify([table.name, members.map(({ member, column, wanted }) => [member, column.name, wanted])])

function writePresenter({ name, row: { table, members } }: Presenter): string[] {
  return [
    `const ${name} = (row: ${table.entity}) => ({`,
    ...members.map((one) => `  ${memberKey(one.member)}: ${writeValue(table, one)},`),
    '})',
    '',
  ]
}

function writeValue(table: TypedTable, { column, wanted, isDate }: MatchedMember): string {
  const value = `row.${column.property}`
  const code = table.types.get(column.name)?.code ?? 'unknown'
  const convert = (text: string) => (column.shape.nullable ? `${value} === null ? null : ${text}` : text)
  if (code === 'string' && (wanted === 'integer' || wanted === 'number')) return convert(`Number(${value})`)
  if (code === 'number' && wanted === 'string') return convert(`String(${value})`)
  if (code === 'number' && wanted === 'boolean') return convert(`${value} !== 0`)
  if (code === 'Date' && isDate) return convert(`${value}.toISOString().slice(0, 10)`)
  return value
}

function writeEndpoint(
  { endpoint, path, plan }: PlannedEndpoint,
  presenters: ReadonlyMap<string, Presenter>,
): string[] {
  const [method = 'GET'] = endpoint.split(' ')
  const mount = `router.${method.toLowerCase()}(${literal(path)}`
  if (!('read' in plan))
    return [
      '',
      `  // TODO ${comment(endpoint)}: ${comment(plan.because)}.`,
      `  ${mount}, notBuilt(${literal(endpoint)}))`,
    ]
  const { read } = plan
  const presenter = presenters.get(keyOfRow(read.row))?.name ?? ''
  const body = read.shape === 'row' ? readOne(read, presenter) : readMany(read, presenter)
  return ['', `  ${mount}, async (request, response) => {`, ...body.map((line) => `    ${line}`), '  })']
}

function knownOf({ query, paging }: PlainRead): string {
  const names = [...query.map(({ parameter }) => parameter), ...Object.values(paging)]
  return `requireKnown(request, ${literal(names)})`
}

const pathValue = (parameter: string) => `request.params[${literal(parameter)}]`

/** A text is compared as the database compares it, also where the column is a number. */
function writeWhere({ path, query }: PlainRead): string[] {
  const conditions = [
    ...path.map(({ parameter, column }) => `${column.property}: ${pathValue(parameter)}`),
    ...query.map(({ parameter, column }) => `${column.property}: textOf(request, ${literal(parameter)})`),
  ]
  return conditions.length === 0 ? [] : [`const where = { ${conditions.join(', ')} } as object`]
}

function readOne(read: PlainRead, presenter: string): string[] {
  const { table } = read.row
  return [
    knownOf(read),
    ...writeWhere(read),
    `const row = await dataSource.getRepository(${table.entity}Schema).findOneBy(where)`,
    'if (row === null) throw notFound(request.path)',
    ...writeAnswer(read, `${presenter}(row)`),
  ]
}

function readMany(read: PlainRead, presenter: string): string[] {
  const { row, paging } = read
  const where = writeWhere(read)
  const order = row.table.key.map((name) => {
    const property = row.table.columns.find((column) => column.name === name)?.property ?? name
    return `${property}: 'ASC'`
  })
  const options = [
    ...(where.length === 0 ? [] : ['where']),
    ...(order.length === 0 ? [] : [`order: { ${order.join(', ')} }`]),
    ...(paging.size === undefined ? [] : ['take: size']),
    ...skipOf(read),
  ]
  const wantsTotal = read.envelope?.some(([, { kind }]) => kind === 'total') === true
  const find = `dataSource.getRepository(${row.table.entity}Schema)`
  const given = `{ ${options.join(', ')} }`
  return [
    knownOf(read),
    ...where,
    ...readSizes(read),
    wantsTotal
      ? `const [rows, total] = await ${find}.findAndCount(${given})`
      : `const rows = await ${find}.find(${given})`,
    ...writeAnswer(read, `rows.map(${presenter})`),
  ]
}

/** No contract has the values that stand for what was not given. */
function readSizes({ paging }: PlainRead): string[] {
  const lines = [
    ...(paging.size === undefined ? [] : [`const size = numberOf(request, ${literal(paging.size)}, 50)`]),
    ...(paging.page === undefined ? [] : [`const page = numberOf(request, ${literal(paging.page)}, 1)`]),
    ...(paging.offset === undefined
      ? []
      : [`const offset = numberOf(request, ${literal(paging.offset)}, 0)`]),
  ]
  const todo =
    '// TODO the order of the rows, and what is meant when these are not given, are guesses: the comparison shows it.'
  return lines.length === 0 ? [] : [todo, ...lines]
}

function skipOf({ paging }: PlainRead): string[] {
  if (paging.offset !== undefined) return ['skip: offset']
  if (paging.page === undefined) return []
  return [
    `skip: Math.max(0, page - 1) * ${paging.size === undefined ? '50' : 'size'}`,
    ...(paging.size === undefined ? ['take: 50'] : []),
  ]
}

function writeAnswer({ envelope }: PlainRead, body: string): string[] {
  if (envelope === undefined) return [`response.json(${body})`]
  const members = envelope.map(([member, part]) => {
    const code = writePart(part, body)
    return code === member ? member : `${memberKey(member)}: ${code}`
  })
  return ['response.json({', ...members.map((line) => `  ${line},`), '})']
}

function writePart(part: EnvelopePart, body: string): string {
  switch (part.kind) {
    case 'rows':
    case 'row':
      return body
    case 'count':
      return 'rows.length'
    case 'now':
      return 'now()'
    case 'request-id':
      return "request.get('x-request-id') ?? randomUUID()"
    case 'parameter':
      return pathValue(part.parameter)
    default:
      return part.kind
  }
}
