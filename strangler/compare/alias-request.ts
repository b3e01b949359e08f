import type { CapturedRequest } from '../core/compare-words.ts'
import { countMembers, isBranch, type Members } from './body-values.ts'
import type { RequestAliases } from './compile-rules.ts'
import { parameterOf } from './contract/match-path.ts'
import { DEEPEST } from './lift-json.ts'
import { formatOf, parseMediaType } from './media-type.ts'
import type { PathNode } from './path-node.ts'
import { headerValue } from './raw-headers.ts'
import { scanJson } from './scan-json.ts'

export interface HowToAlias {
  /** `/api/orders/:id`, of the endpoint. */
  readonly template: string
  readonly places: RequestAliases
  /** How the side that is asked calls it; undefined when nobody knows. */
  readonly resolve: (of: string, id: string | number) => string | undefined
}

/**
 * A request as the other side understands it: with its own ids in the place of those that it never made.
 * @returns undefined when it names an id of which nobody knows what the other side calls it
 */
export function aliasRequest(request: CapturedRequest, how: HowToAlias): CapturedRequest | undefined {
  const [path = '', query] = request.target.split(/\?(.*)/s)
  try {
    const target = aliasPath(path, how)
    const rest = query === undefined ? '' : `?${aliasQuery(query, how)}`
    return aliasBody({ ...request, target: target + rest }, how)
  } catch (error) {
    if (error instanceof UnknownId) return undefined
    throw error
  }
}

class UnknownId extends Error {}

function resolveOrGiveUp({ resolve }: HowToAlias, of: string, id: string | number): string {
  const known = resolve(of, id)
  if (known === undefined) throw new UnknownId()
  return known
}

/** Counted from the end: what a `rewritePath` changes is in front. */
function aliasPath(path: string, how: HowToAlias): string {
  const wanted = how.template.split('/')
  const given = path.split('/')
  const length = given.at(-1) === '' ? given.length - 1 : given.length
  for (const [at, segment] of wanted.entries()) {
    const of = how.places.params.get(parameterOf(segment) ?? '')
    if (of === undefined) continue
    const place = length - wanted.length + at
    given[place] = encodeURIComponent(resolveOrGiveUp(how, of, decode(given[place] ?? '')))
  }
  return given.join('/')
}

function aliasQuery(query: string, how: HowToAlias): string {
  return query
    .split('&')
    .map((part) => {
      const [name = '', value] = part.split(/=(.*)/s)
      const of = how.places.query.get(decode(name.replaceAll('+', ' ')))
      if (of === undefined || value === undefined) return part
      return `${name}=${encodeURIComponent(resolveOrGiveUp(how, of, decode(value.replaceAll('+', ' '))))}`
    })
    .join('&')
}

function aliasBody(request: CapturedRequest, how: HowToAlias): CapturedRequest {
  const tree = how.places.body
  const type = parseMediaType(headerValue(request.headers, 'content-type'))
  if (tree === undefined || request.body === undefined || formatOf(type) !== 'json') return request
  const value = readJson(request)
  if (value === undefined) return request
  const body = Buffer.from(JSON.stringify(aliasValue(tree.root(), value, how)))
  return { ...request, headers: withLength(request.headers, body.length), body }
}

/** Undefined for what is no JSON: the other side is to say so, too. What could not be written back as it was cannot be changed. */
function readJson({ headers, body = new Uint8Array() }: CapturedRequest): unknown {
  if (headerValue(headers, 'content-encoding') !== undefined) throw new UnknownId()
  const scan = scanJson(body)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
  const members = isBranch(value) && scan.depth <= DEEPEST ? countMembers(value) : 0
  if (scan.depth > DEEPEST || scan.losesPrecision || members !== scan.members) throw new UnknownId()
  return value
}

function aliasValue(place: PathNode, value: unknown, how: HowToAlias): unknown {
  if (Array.isArray(value)) return value.map((entry) => aliasValue(place.entry(), entry, how))
  if (isBranch(value))
    return Object.fromEntries(
      Object.entries(value as Members).map(([name, member], index) => [
        name,
        aliasValue(place.member(name, index), member, how),
      ]),
    )
  const { alias } = place.rules
  if (alias === undefined || (typeof value !== 'string' && typeof value !== 'number')) return value
  const known = resolveOrGiveUp(how, alias.of, value)
  return typeof value === 'number' && String(Number(known)) === known ? Number(known) : known
}

function withLength(headers: readonly string[], length: number): string[] {
  return headers.map((part, at) =>
    at % 2 === 1 && headers[at - 1]?.toLowerCase() === 'content-length' ? String(length) : part,
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Broken percent-encoding: it is looked up as it stands.
    return text
  }
}
