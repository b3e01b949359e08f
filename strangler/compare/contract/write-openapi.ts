import type { Bodies, EndpointShape } from './endpoint-shape.ts'
import { parametersOf, toOpenApiPath } from './match-path.ts'
import { ENOUGH, type ValueShape } from './value-shape.ts'

/** A JSON Schema of OpenAPI 3.1, as far as the kit writes it. */
export type Schema = { readonly [keyword: string]: unknown }

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly [extension: `x-${string}`]: unknown
}

export interface Operation {
  readonly operationId?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, Answer>>
}

interface Answer {
  readonly description: string
  readonly content?: Content
  /** Answers without a body were seen too, or only they. */
  readonly 'x-may-be-empty'?: true
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required?: boolean
  readonly schema: Schema
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>

export interface ContractSource {
  readonly capability: string
  /** The monolith's build that was seen. */
  readonly build: string
  /** By `METHOD /path/:template`. */
  readonly endpoints: Readonly<Record<string, EndpointShape>>
}

/** The document of what was seen. The same shapes give the same text, so that a diff of two of them shows changes only. */
export function writeOpenApi({ capability, build, endpoints }: ContractSource): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const [endpoint, shape] of sorted(endpoints)) {
    const [method = 'GET', template = '/'] = endpoint.split(/ (.*)/s)
    const path = toOpenApiPath(template)
    paths[path] = { ...paths[path], [method.toLowerCase()]: writeOperation(endpoint, template, shape) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: capability,
      version: build,
      description: `What the monolith answers at the endpoints of ${capability}: inferred by strangler from answers to its clients, without their values.`,
    },
    'x-strangler-capability': capability,
    paths,
  }
}

function writeOperation(endpoint: string, template: string, shape: EndpointShape): Operation {
  const parameters: Parameter[] = [
    ...parametersOf(template).map((name) => ({
      ...{ name, in: 'path' as const, required: true },
      schema: writeSchema(shape.path[name] ?? { types: ['string'] }),
    })),
    ...sorted(shape.query.parameters).map(([name, value]) => ({
      ...{ name, in: 'query' as const },
      ...(isAlways(shape.query, name) ? { required: true } : {}),
      schema: writeSchema(value),
    })),
  ]
  return {
    operationId: endpoint.replaceAll(/[^A-Za-z0-9]+/g, '-'),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(Object.keys(shape.requests).length === 0
      ? {}
      : { requestBody: { content: writeContent(shape.requests) } }),
    responses: Object.fromEntries(
      sorted(shape.answers).map(([status, { bodies, mayBeEmpty }]) => [
        status,
        {
          description: `seen with ${status}`,
          ...(Object.keys(bodies).length === 0 ? {} : { content: writeContent(bodies) }),
          ...(mayBeEmpty === undefined ? {} : { 'x-may-be-empty': mayBeEmpty }),
        },
      ]),
    ),
  }
}

function isAlways(
  { seen, always }: { readonly seen: number; readonly always: readonly string[] },
  name: string,
): boolean {
  return seen >= ENOUGH && always.includes(name)
}

function writeContent(bodies: Bodies): Content {
  return Object.fromEntries(
    sorted(bodies).map(([type, shape]) => [type, shape === null ? {} : { schema: writeSchema(shape) }]),
  )
}

/** One schema for all types of a place: `properties` speaks of objects only, `items` of lists only, so nothing has to be forked. */
export function writeSchema(shape: ValueShape): Schema {
  if (shape.any || shape.types.length === 0) return {}
  const { types, texts, object, items } = shape
  const [format] = texts !== undefined && texts.seen >= ENOUGH ? texts.formats : []
  return {
    type: types.length === 1 ? types[0] : types,
    ...(format === undefined ? {} : { format }),
    ...(items === undefined ? {} : { items: writeSchema(items) }),
    ...(object === undefined ? {} : writeMembers(object)),
  }
}

function writeMembers(object: NonNullable<ValueShape['object']>): Schema {
  const members = sorted(object.members)
  const required = object.seen >= ENOUGH ? [...object.always].sort() : []
  return {
    ...(members.length === 0
      ? {}
      : { properties: Object.fromEntries(members.map(([name, member]) => [name, writeSchema(member)])) }),
    ...(required.length === 0 ? {} : { required }),
    ...(object.map === undefined ? {} : writeRecords(writeSchema(object.map), members.length > 0)),
  }
}

/** Names that are ids, near enough: beside plain members, a new plain one must not be taken for a record. */
const ID_NAMES = '^[0-9]+$|[0-9]{4,}|^[0-9A-Fa-f-]{16,}$|@'

function writeRecords(schema: Schema, isMixed: boolean): Schema {
  return isMixed ? { patternProperties: { [ID_NAMES]: schema } } : { additionalProperties: schema }
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1))
}
