import {
  type ContractChecker,
  type ContractFailure,
  createContractChecker,
} from '../compare/contract/check-answer.ts'
import { fromOpenApiPath, matchPath } from '../compare/contract/match-path.ts'
import type { OpenApiDocument } from '../compare/contract/write-openapi.ts'

/** One request and its answer, as a test has them at hand. */
export interface ExchangeToCheck {
  readonly method: string
  /** Path, with or without its query: `/api/inventory/SKU-00001?fields=all`. */
  readonly path: string
  readonly status: number
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** A text, bytes, or a value that is sent as JSON. */
  readonly body: unknown
}

/** Compiling a document costs more than checking by it. */
const checkers = new WeakMap<OpenApiDocument, ContractChecker>()

/**
 * Where an answer is not as the document says; empty when it is. For assertions: `expect(checkAnswer(document, …)).toEqual([])`.
 * @param document as `strangler contract record` writes it; any OpenAPI 3.1 document will do
 */
export function checkAnswer(document: OpenApiDocument, exchange: ExchangeToCheck): ContractFailure[] {
  const { method, path, status, headers, body } = exchange
  const checker = checkers.get(document) ?? createContractChecker(document)
  checkers.set(document, checker)
  const endpoint = findEndpoint(document, method, path)
  return checker.check(endpoint, { status, headers: toRaw(headers), body: toBytes(body) })
}

/** The endpoint with the fewest parameters that the path fits: `/items/new` before `/items/:id`. */
function findEndpoint(document: OpenApiDocument, method: string, target: string): string {
  const [path = ''] = target.split('?')
  const fitting = Object.entries(document.paths)
    .filter(([, operations]) => Object.hasOwn(operations, method.toLowerCase()))
    .map(([name]) => fromOpenApiPath(name))
    .flatMap((template) => {
      const values = matchPath(template, path)
      return values === undefined ? [] : [{ template, count: Object.keys(values).length }]
    })
    .sort((one, other) => one.count - other.count)
  return `${method.toUpperCase()} ${fitting[0]?.template ?? path}`
}

function toRaw(headers: ExchangeToCheck['headers']): string[] {
  if (headers instanceof Headers) return [...headers].flat()
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [name, String(value)],
  )
}

function toBytes(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array()
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
