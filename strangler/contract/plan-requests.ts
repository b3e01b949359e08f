import { fillPath, fromOpenApiPath, parametersOf } from '../compare/contract/match-path.ts'
import type { OpenApiDocument, Operation } from '../compare/contract/write-openapi.ts'
import { findValues, type HeardAnswer } from './find-values.ts'

/** One request that a caller wants asked. */
export interface ContractExample {
  readonly path?: Readonly<Record<string, string | number>> | undefined
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined
  /** What must come back; any status of the contract by default. */
  readonly status?: number | undefined
}

export interface PlannedEndpoint {
  /** `GET /api/inventory/:sku`. */
  readonly endpoint: string
  readonly template: string
  readonly operation: Operation
}

export interface PlannedRequest {
  /** Path and query. */
  readonly target: string
  readonly status: number | undefined
}

export type Plan =
  | { readonly kind: 'ask'; readonly requests: readonly PlannedRequest[] }
  | { readonly kind: 'missing'; readonly parameter: string }

export interface ValueSources {
  /** By the parameter's name. */
  readonly parameters: Readonly<Record<string, readonly string[]>>
  /** By `GET /path/:template`. */
  readonly examples: Readonly<Record<string, readonly ContractExample[]>>
}

const MOST_REQUESTS = 3

/** The endpoints that can be asked without changing anything, those first that need no values: their answers give them. */
export function listGets(document: OpenApiDocument): PlannedEndpoint[] {
  return Object.entries(document.paths)
    .flatMap(([path, operations]): PlannedEndpoint[] => {
      const template = fromOpenApiPath(path)
      const operation = operations['get']
      return operation === undefined ? [] : [{ endpoint: `GET ${template}`, template, operation }]
    })
    .sort(
      (one, other) =>
        parametersOf(one.template).length - parametersOf(other.template).length ||
        (one.template < other.template ? -1 : 1),
    )
}

/** What to ask an endpoint: the caller's examples, else its parameters filled with the caller's values, else with what was heard. */
export function planRequests(
  { endpoint, template, operation }: PlannedEndpoint,
  { parameters, examples }: ValueSources,
  heard: readonly HeardAnswer[],
): Plan {
  const given = examples[endpoint]
  if (given !== undefined && given.length > 0) return planExamples(template, given)
  const names = parametersOf(template)
  const wanted = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query' && parameter.required === true)
    .map(({ name }) => name)
  const values = new Map<string, readonly string[]>()
  for (const name of [...names, ...wanted]) {
    const ofCaller = parameters[name]
    const found = ofCaller ?? (names.includes(name) ? findValues(name, template, heard) : [])
    if (found.length === 0) return { kind: 'missing', parameter: name }
    values.set(name, found)
  }
  const rounds = Math.min(MOST_REQUESTS, Math.max(1, ...[...values.values()].map((all) => all.length)))
  const requests = Array.from({ length: rounds }, (_, round) => {
    const chosen = Object.fromEntries(
      [...values].map(([name, all]) => [name, all[Math.min(round, all.length - 1)] ?? '']),
    )
    const query = Object.fromEntries(wanted.map((name) => [name, chosen[name] ?? '']))
    return { target: `${fillPath(template, chosen) ?? template}${toQuery(query)}`, status: undefined }
  })
  return { kind: 'ask', requests }
}

function planExamples(template: string, examples: readonly ContractExample[]): Plan {
  const requests: PlannedRequest[] = []
  for (const { path = {}, query = {}, status } of examples) {
    const values = Object.fromEntries(Object.entries(path).map(([name, value]) => [name, String(value)]))
    const filled = fillPath(template, values)
    if (filled === undefined) {
      const missing = parametersOf(template).find((name) => !Object.hasOwn(values, name))
      return { kind: 'missing', parameter: missing ?? template }
    }
    requests.push({ target: `${filled}${toQuery(query)}`, status })
  }
  return { kind: 'ask', requests }
}

function toQuery(query: Readonly<Record<string, string | number | boolean>>): string {
  const entries = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`
}
