import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { CapturedAnswer } from '../../core/compare-words.ts'
import { decodeBody } from '../decode-body.ts'
import { AmbiguousObject, ExactNumber } from '../exact-json.ts'
import { liftBody } from '../lift-body.ts'
import { formatOf, parseMediaType } from '../media-type.ts'
import { looksLikeId } from '../path-node.ts'
import { headerValue } from '../raw-headers.ts'
import { LARGEST_BODY } from './endpoint-shape.ts'
import { toOpenApiPath } from './match-path.ts'
import { FORMATS, hasFormat } from './text-forms.ts'
import type { OpenApiDocument, Operation } from './write-openapi.ts'

/** One place where an answer is not as the contract says. */
export interface ContractFailure {
  /** `GET /api/inventory/:sku`. */
  readonly endpoint: string
  readonly status: number
  /** `$.items[].sku`, `content-type`, `status`. */
  readonly path: string
  readonly expected: string
  /** Never a value: a type, a media type, what is missing. */
  readonly found: string
}

export interface ContractChecker {
  /** @param endpoint as the kit writes it: `GET /api/inventory/:sku` */
  check(endpoint: string, answer: Pick<CapturedAnswer, 'status' | 'headers' | 'body'>): ContractFailure[]
}

/** Of one answer: one wrong field of a long list is one failure. */
const MOST_FAILURES = 50
const ROOT = 'contract'

/** Checks answers against a document; one that people have changed by hand too, with `$ref`, `enum` and all else of OpenAPI 3.1. */
export function createContractChecker(document: OpenApiDocument): ContractChecker {
  // `strict` would refuse the keywords that OpenAPI adds to JSON Schema.
  // `ownProperties`: a member may be named `constructor`.
  const ajv = new Ajv2020({ strict: false, allErrors: true, ownProperties: true, logger: false })
  for (const format of FORMATS) ajv.addFormat(format, (text: string) => hasFormat(text, format))
  ajv.addSchema({ ...document, $id: ROOT }, ROOT)
  const validators = new Map<string, ValidateFunction>()
  const validatorAt = (pointer: string): ValidateFunction => {
    const present = validators.get(pointer) ?? ajv.compile({ $ref: `${ROOT}#${pointer}` })
    validators.set(pointer, present)
    return present
  }

  return {
    check(endpoint, answer) {
      const { status } = answer
      const fail = (path: string, expected: string, found: string): ContractFailure => ({
        ...{ endpoint, status, path },
        ...{ expected, found },
      })
      const place = findOperation(document, endpoint)
      if (place === undefined) return [fail('endpoint', 'an endpoint of the contract', endpoint)]
      const key = findStatus(place.operation, status)
      if (key === undefined) {
        const known = Object.keys(place.operation.responses).join(', ')
        return [fail('status', `one of ${known}`, String(status))]
      }
      const { content, 'x-may-be-empty': mayBeEmpty } = place.operation.responses[key] ?? {}
      if (content === undefined || Object.keys(content).length === 0) return []
      if (answer.body.length === 0 && mayBeEmpty === true) return []
      const type = parseMediaType(headerValue(answer.headers, 'content-type'))
      const name = findType(Object.keys(content), type.essence)
      if (name === undefined)
        return [fail('content-type', Object.keys(content).join(' or '), type.essence || 'none')]
      if (content[name]?.schema === undefined) return []
      if (formatOf(type) !== 'json') return []
      const value = readValue(answer)
      if (value.problem !== undefined) return [fail('$', 'JSON', value.problem)]
      const pointer = ['paths', place.path, place.method, 'responses', key, 'content', name, 'schema']
      const validate = validatorAt(pointer.map((step) => `/${escapePointer(step)}`).join(''))
      if (validate(value.value) === true) return []
      return collapse((validate.errors ?? []).map((error) => describe(error, fail)))
    },
  }
}

type Fail = (path: string, expected: string, found: string) => ContractFailure

interface Place {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

function findOperation(document: OpenApiDocument, endpoint: string): Place | undefined {
  const [method = '', template = ''] = endpoint.split(/ (.*)/s)
  const path = toOpenApiPath(template)
  const operation = document.paths[path]?.[method.toLowerCase()]
  return operation === undefined ? undefined : { path, method: method.toLowerCase(), operation }
}

/** OpenAPI knows exact statuses, `4XX` and `default`. */
function findStatus({ responses }: Operation, status: number): string | undefined {
  const names = [String(status), `${Math.floor(status / 100)}XX`, `${Math.floor(status / 100)}xx`, 'default']
  return names.find((name) => Object.hasOwn(responses, name))
}

function findType(names: readonly string[], essence: string): string | undefined {
  const [family] = essence.split('/')
  return [essence, `${family}/*`, '*/*'].find((name) => names.includes(name))
}

function readValue(answer: Pick<CapturedAnswer, 'headers' | 'body'>): { value?: unknown; problem?: string } {
  const decoded = decodeBody(answer.body, headerValue(answer.headers, 'content-encoding'), LARGEST_BODY * 8)
  if (decoded.kind === 'undecodable') return { problem: decoded.because }
  if (decoded.kind === 'skipped') return { problem: `a body that is not read: ${decoded.reason}` }
  const type = parseMediaType(headerValue(answer.headers, 'content-type'))
  const lifted = liftBody(decoded.bytes, type)
  if (lifted.kind === 'undecodable') return { problem: lifted.because }
  if (lifted.kind === 'skipped') return { problem: `a body that is not read: ${lifted.reason}` }
  return { value: toPlain(lifted.value) }
}

/** Numbers that a double would round are numbers all the same. */
function toPlain(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (value instanceof AmbiguousObject) return JSON.parse(value.text)
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toPlain(member)]))
}

function describe({ instancePath, keyword, params, message }: ErrorObject, fail: Fail): ContractFailure {
  const path = `$${instancePath.split('/').slice(1).map(showStep).join('')}`
  if (keyword === 'required') return fail(`${path}.${params['missingProperty']}`, 'a member', 'nothing')
  if (keyword === 'type') return fail(path, [params['type']].flat().join(' or '), 'another type')
  if (keyword === 'format') return fail(path, String(params['format']), 'a text of another form')
  return fail(path, message ?? keyword, 'something else')
}

function showStep(step: string): string {
  if (/^\d+$/.test(step)) return '[]'
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
  return looksLikeId(name) ? '.*' : `.${name}`
}

/** The same failure of many entries is one. */
function collapse(failures: readonly ContractFailure[]): ContractFailure[] {
  const seen = new Map(failures.map((failure) => [`${failure.path} ${failure.expected}`, failure]))
  return [...seen.values()].slice(0, MOST_FAILURES)
}

function escapePointer(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))
}
