import { singularOf } from '../assess/words-of.ts'
import { looksLikeId } from '../compare/path-node.ts'
import { escapeText, parameterName, type SeenEndpoint } from './seen-endpoint.ts'

/** One request that was answered, by its path alone. */
export interface WatchedPath {
  readonly method: string
  readonly path: string
  readonly requests: number
}

/** A number or a UUID is a value wherever it stands; another text that looks like one needs a second beside it. */
const SURE = /^(?:\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/i
const ENOUGH_SIBLINGS = 2
/** So many names at one place are values too, whatever they look like: `/products/red-shoes`. */
const MANY_SIBLINGS = 12
/** Never a parameter: what says which interface this is, and the name after it, which says what it is about. */
const PREFIX = /^(?:api|rest|v\d+(?:\.\d+)*)$/i

/** How many segments at the beginning only say which interface it is. */
export function prefixLength(segments: readonly string[]): number {
  const first = segments.findIndex((segment) => !PREFIX.test(segment))
  return first === -1 ? segments.length : first
}

/** The endpoints behind the paths that were asked: values in them become parameters. */
export function inferEndpoints(watched: readonly WatchedPath[]): SeenEndpoint[] {
  const root = createPlace()
  const requests = watched.map((one) => ({ ...one, segments: segmentsOf(one.path) }))
  for (const { segments } of requests) addPath(root, segments)
  const found = new Map<string, SeenEndpoint>()
  for (const { method, segments, requests: count } of requests) {
    const template = templateOf(root, segments)
    const key = `${method} ${template}`
    found.set(key, { method, template, requests: (found.get(key)?.requests ?? 0) + count })
  }
  return [...found.values()].sort(
    (one, other) => compare(one.template, other.template) || compare(one.method, other.method),
  )
}

const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other))

const segmentsOf = (path: string) => path.split('/').filter((segment) => segment !== '')

/** What stands at one place of the paths. Values share the place that follows them, so that what comes after is seen together. */
interface Place {
  readonly names: Map<string, Place>
  readonly values: Set<string>
  afterValue?: Place
}

const createPlace = (): Place => ({ names: new Map(), values: new Set() })

function addPath(root: Place, segments: readonly string[]): void {
  let place = root
  const fixed = prefixLength(segments)
  segments.forEach((segment, index) => {
    if (index > fixed && looksLikeValue(segment)) {
      place.values.add(segment)
      place.afterValue ??= createPlace()
      place = place.afterValue
      return
    }
    const next = place.names.get(segment) ?? createPlace()
    place.names.set(segment, next)
    place = next
  })
}

const looksLikeValue = (segment: string) => SURE.test(segment) || looksLikeId(decode(segment))

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // A lone `%` is sent by somebody who means it.
    return segment
  }
}

function templateOf(root: Place, segments: readonly string[]): string {
  let place: Place | undefined = root
  const fixed = prefixLength(segments)
  const parts: (string | undefined)[] = []
  segments.forEach((segment, index) => {
    const isValue = index > fixed && looksLikeValue(segment)
    const isParameter = index > fixed && place !== undefined && isParameterAt(place, segment, isValue)
    parts.push(isParameter ? undefined : segment)
    place = isValue ? place?.afterValue : place?.names.get(segment)
  })
  return `/${nameParameters(parts).join('/')}`
}

function isParameterAt(place: Place, segment: string, isValue: boolean): boolean {
  if (isValue) return SURE.test(segment) || place.values.size >= ENOUGH_SIBLINGS
  return place.names.size >= MANY_SIBLINGS
}

/** A lone one is `:id`; of several each is named after what stands before it. */
function nameParameters(parts: readonly (string | undefined)[]): string[] {
  const isLone = parts.filter((part) => part === undefined).length === 1
  const taken = new Set<string>()
  return parts.map((part, index) => {
    if (part !== undefined) return escapeText(part)
    const before = parts[index - 1]
    const wanted = isLone || before === undefined ? 'id' : `${parameterName(singularOf(before))}Id`
    const name = taken.has(wanted) ? `${wanted}${index}` : wanted
    taken.add(name)
    return `:${name}`
  })
}
