import { AmbiguousObject, ExactNumber } from '../exact-json.ts'
import { looksLikeId } from '../path-node.ts'
import { type Format, formatsOf, scalarTypeOf } from './text-forms.ts'

export type JsonType = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string'

/**
 * What values at one place have in common, without any of the values. Plain data that can be stored. Joining two shapes is
 * associative and commutative, so that it does not matter who has seen what, when, and in which order it is put together.
 */
export interface ValueShape {
  /** Sorted; never `integer` beside `number`. */
  readonly types: readonly JsonType[]
  readonly texts?: { readonly seen: Evidence; readonly formats: readonly Format[] }
  readonly object?: ObjectShape
  /** All entries of all lists; absent when only empty ones were seen. */
  readonly items?: ValueShape
  /** Beyond a bound: nothing is said of it. */
  readonly any?: true
}

export interface ObjectShape {
  readonly seen: Evidence
  readonly members: Readonly<Record<string, ValueShape>>
  /** Members that every one of them has; sorted. */
  readonly always: readonly string[]
  /** Members whose names are ids, or more than are told apart: an object that is used as a map. */
  readonly map?: ValueShape
  /** It had too many names to be anything else. */
  readonly isMap?: true
}

/** How many values are behind it; three and more are the same. */
export type Evidence = 1 | 2 | 3

/** From so many values on, what all have in common is more than chance. */
export const ENOUGH: Evidence = 3
export const ANY: ValueShape = Object.freeze({ types: Object.freeze([]), any: true })

const DEEPEST = 12
export const MOST_MEMBERS = 200

/** The shape of one value. */
export function shapeOf(value: unknown, depth = 0): ValueShape {
  if (depth > DEEPEST || value instanceof AmbiguousObject) return ANY
  if (value === null) return { types: ['null'] }
  if (value instanceof ExactNumber) return { types: [/^-?\d+$/.test(value.text) ? 'integer' : 'number'] }
  if (typeof value === 'number') return { types: [Number.isInteger(value) ? 'integer' : 'number'] }
  if (typeof value === 'boolean') return { types: ['boolean'] }
  if (typeof value === 'string') return { types: ['string'], texts: { seen: 1, formats: formatsOf(value) } }
  if (Array.isArray(value)) {
    const items = joinAll(value.map((entry) => shapeOf(entry, depth + 1)))
    return { types: ['array'], ...(items === undefined ? {} : { items }) }
  }
  return { types: ['object'], object: boundMembers(objectShapeOf(value as object, depth)) }
}

/** The shape of a text that stands for a value: in a path or a query. */
export function scalarShapeOf(text: string): ValueShape {
  const type = scalarTypeOf(text)
  return type === 'string' ? shapeOf(text) : { types: [type] }
}

function objectShapeOf(value: object, depth: number): ObjectShape {
  const members: [string, ValueShape][] = []
  const records: ValueShape[] = []
  for (const [name, member] of Object.entries(value)) {
    const shape = shapeOf(member, depth + 1)
    if (isMemberName(name)) members.push([name, shape])
    else records.push(shape)
  }
  const map = joinAll(records)
  return {
    seen: 1,
    members: Object.fromEntries(members),
    always: members.map(([name]) => name).sort(),
    ...(map === undefined ? {} : { map }),
  }
}

/** Ids are values, whether they stand as names or not; what a database cannot hold is none either. */
function isMemberName(name: string): boolean {
  return name.isWellFormed() && !/\p{Cc}/u.test(name) && !looksLikeId(name)
}

export function joinShapes(one: ValueShape, other: ValueShape): ValueShape {
  if (one.any || other.any) return ANY
  const texts = joinTexts(one.texts, other.texts)
  const object = joinOptional(one.object, other.object, joinObjects)
  const items = joinOptional(one.items, other.items, joinShapes)
  return {
    types: joinTypes(one.types, other.types),
    ...(texts === undefined ? {} : { texts }),
    ...(object === undefined ? {} : { object }),
    ...(items === undefined ? {} : { items }),
  }
}

export function joinAll(shapes: readonly ValueShape[]): ValueShape | undefined {
  const [first, ...rest] = shapes
  return first === undefined ? undefined : rest.reduce(joinShapes, first)
}

export function joinOptional<T>(
  one: T | undefined,
  other: T | undefined,
  join: (one: T, other: T) => T,
): T | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return join(one, other)
}

function joinTypes(one: readonly JsonType[], other: readonly JsonType[]): JsonType[] {
  const types = new Set([...one, ...other])
  if (types.has('number')) types.delete('integer')
  return [...types].sort()
}

function joinTexts(one: ValueShape['texts'], other: ValueShape['texts']): ValueShape['texts'] {
  return joinOptional(one, other, (a, b) => ({
    seen: addEvidence(a.seen, b.seen),
    formats: a.formats.filter((format) => b.formats.includes(format)),
  }))
}

function joinObjects(one: ObjectShape, other: ObjectShape): ObjectShape {
  const members = joinRecords(one.members, other.members, joinShapes)
  const map = joinOptional(one.map, other.map, joinShapes)
  return boundMembers({
    seen: addEvidence(one.seen, other.seen),
    members,
    always: one.always.filter((name) => other.always.includes(name)),
    ...(map === undefined ? {} : { map }),
    ...(one.isMap || other.isMap ? { isMap: true } : {}),
  })
}

/** `__proto__` may be a name like any other. */
export function joinRecords<T>(
  one: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
  join: (one: T, other: T) => T,
): Record<string, T> {
  const joined = new Map(Object.entries(one))
  for (const [name, value] of Object.entries(other)) {
    const present = joined.get(name)
    joined.set(name, present === undefined ? value : join(present, value))
  }
  return Object.fromEntries([...joined].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function addEvidence(one: Evidence, other: Evidence): Evidence {
  return Math.min(ENOUGH, one + other) as Evidence
}

/** An object with ever new names is a map, although its keys do not look like ids; and it stays one. */
function boundMembers(object: ObjectShape): ObjectShape {
  const shapes = Object.values(object.members)
  if (object.isMap !== true && shapes.length <= MOST_MEMBERS) return object
  const map = joinAll(object.map === undefined ? shapes : [...shapes, object.map])
  return { seen: object.seen, isMap: true, members: {}, always: [], ...(map === undefined ? {} : { map }) }
}
