import type { CapturedExchange } from '../../core/captured-exchange.ts'
import { decodeBody } from '../decode-body.ts'
import { liftBody } from '../lift-body.ts'
import { formatOf, parseMediaType } from '../media-type.ts'
import { headerValue } from '../raw-headers.ts'
import { matchPath } from './match-path.ts'
import {
  ANY,
  addEvidence,
  type Evidence,
  joinAll,
  joinOptional,
  joinRecords,
  joinShapes,
  scalarShapeOf,
  shapeOf,
  type ValueShape,
} from './value-shape.ts'

/** What the exchanges of one endpoint have in common. Plain data; joining it is associative and commutative. */
export interface EndpointShape {
  /** Parameters of the path by their names. */
  readonly path: Readonly<Record<string, ValueShape>>
  readonly query: QueryShape
  /** Bodies that were taken: those of requests that were answered with 2xx, by media type. */
  readonly requests: Bodies
  /** Answers by status. */
  readonly answers: Readonly<Record<string, AnswerShape>>
}

interface QueryShape {
  readonly seen: Evidence
  readonly parameters: Readonly<Record<string, ValueShape>>
  /** Those that every request had. */
  readonly always: readonly string[]
}

export interface AnswerShape {
  readonly seen: Evidence
  readonly bodies: Bodies
  /** One had no body. */
  readonly mayBeEmpty?: true
}

/** By media type; null where nothing is said of what is inside. */
export type Bodies = Readonly<Record<string, ValueShape | null>>

const MOST_PARAMETERS = 50
const MOST_STATUSES = 40
const MOST_TYPES = 8
/** A larger body is known by its media type alone. */
export const LARGEST_BODY = 1_048_576

/**
 * What one exchange shows of its endpoint.
 * @param template the path of the endpoint: `/api/inventory/:sku`
 */
export function shapeOfExchange(
  template: string,
  { requests, answer }: Pick<CapturedExchange, 'requests' | 'answer'>,
): EndpointShape {
  const request = requests.monolith
  const [path = '', query = ''] = request.target.split(/\?(.*)/s)
  const wasTaken = answer.status >= 200 && answer.status < 300
  return {
    path: mapValues(matchPath(template, path) ?? {}, scalarShapeOf),
    query: shapeOfQuery(query),
    requests:
      wasTaken && request.body !== undefined && request.body.length > 0
        ? shapeOfBody(request.headers, request.body)
        : {},
    answers: { [String(answer.status)]: shapeOfAnswer(answer) },
  }
}

function shapeOfAnswer({ headers, body }: CapturedExchange['answer']): AnswerShape {
  if (body.length === 0) return { seen: 1, bodies: {}, mayBeEmpty: true }
  return { seen: 1, bodies: shapeOfBody(headers, body) }
}

function shapeOfQuery(query: string): QueryShape {
  const values = new Map<string, ValueShape[]>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (!/^[A-Za-z_][\w.[\]-]{0,39}$/.test(name) || values.size >= MOST_PARAMETERS) continue
    values.set(name, [...(values.get(name) ?? []), scalarShapeOf(value)])
  }
  const parameters = [...values].map(([name, shapes]): [string, ValueShape] => {
    const items = joinAll(shapes) ?? ANY
    return [name, shapes.length === 1 ? items : { types: ['array'], items }]
  })
  return {
    seen: 1,
    parameters: Object.fromEntries(parameters),
    always: parameters.map(([name]) => name).sort(),
  }
}

function shapeOfBody(headers: readonly string[], body: Uint8Array): Bodies {
  const type = parseMediaType(headerValue(headers, 'content-type'))
  const name = /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,100}$/.test(type.essence) ? type.essence : '*/*'
  if (formatOf(type) !== 'json') return { [name]: null }
  const decoded = decodeBody(body, headerValue(headers, 'content-encoding'), LARGEST_BODY)
  const lifted = decoded.kind === 'bytes' ? liftBody(decoded.bytes, type) : decoded
  return { [name]: lifted.kind === 'value' ? shapeOf(lifted.value) : null }
}

export function joinEndpoints(one: EndpointShape, other: EndpointShape): EndpointShape {
  return {
    path: joinRecords(one.path, other.path, joinShapes),
    query: joinQueries(one.query, other.query),
    requests: joinBodies(one.requests, other.requests),
    answers: keepFirst(joinRecords(one.answers, other.answers, joinAnswers), MOST_STATUSES),
  }
}

/** Bytes of a shape as it is stored. One that would become larger says nothing more of bodies, and never does again. */
export const LARGEST_SHAPE = 200_000

export function boundEndpoint(shape: EndpointShape): EndpointShape {
  if (JSON.stringify(shape).length <= LARGEST_SHAPE) return shape
  const withoutShapes = (bodies: Bodies) => mapValues(bodies, () => null)
  return {
    ...shape,
    requests: withoutShapes(shape.requests),
    answers: mapValues(shape.answers, (answer) => ({ ...answer, bodies: withoutShapes(answer.bodies) })),
  }
}

function joinQueries(one: QueryShape, other: QueryShape): QueryShape {
  return {
    seen: addEvidence(one.seen, other.seen),
    parameters: keepFirst(joinRecords(one.parameters, other.parameters, joinParameters), MOST_PARAMETERS),
    always: one.always.filter((name) => other.always.includes(name)),
  }
}

/** A parameter that is repeated sometimes is a list always. */
function joinParameters(one: ValueShape, other: ValueShape): ValueShape {
  const isList = (shape: ValueShape) => shape.types.includes('array')
  if (isList(one) === isList(other)) return joinShapes(one, other)
  const [list, single] = isList(one) ? [one, other] : [other, one]
  return { ...list, items: joinOptional(list.items, single, joinShapes) ?? ANY }
}

function joinAnswers(one: AnswerShape, other: AnswerShape): AnswerShape {
  return {
    seen: addEvidence(one.seen, other.seen),
    bodies: joinBodies(one.bodies, other.bodies),
    ...(one.mayBeEmpty || other.mayBeEmpty ? { mayBeEmpty: true } : {}),
  }
}

/** What could not be read once says nothing for all. */
function joinBodies(one: Bodies, other: Bodies): Bodies {
  const joined = joinRecords(one, other, (a, b) => (a === null || b === null ? null : joinShapes(a, b)))
  return keepFirst(joined, MOST_TYPES)
}

/** The first in the order of their names, whichever came first: so it does not depend on the order of joining. */
function keepFirst<T>(record: Record<string, T>, most: number): Record<string, T> {
  const entries = Object.entries(record)
  if (entries.length <= most) return record
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, most))
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
