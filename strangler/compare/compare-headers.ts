import type { AliasView } from './alias-book.ts'
import { type AliasPlace, isSameButForIds, type MetAliases } from './judge-alias.ts'
import { maskTokens } from './mask-tokens.ts'
import { formatOf, type MediaType, parseMediaType } from './media-type.ts'
import { SHOWN_LENGTH } from './render-value.ts'
import type { PlacedDifference } from './summarize-walk.ts'

/** Headers that mean something to the client, and that two implementations of one endpoint should agree on. */
export const COMPARED_HEADERS: readonly string[] = [
  ...['content-type', 'cache-control', 'location', 'set-cookie', 'content-language', 'content-disposition'],
  ...['allow', 'retry-after', 'www-authenticate', 'link', 'vary'],
  ...['access-control-allow-origin', 'access-control-allow-credentials'],
]

interface HeaderRules {
  /** In small letters. */
  readonly names: ReadonlySet<string>
  /** A value as it is compared: without the addresses of the sides. */
  readonly normalize: (value: string) => string
  /** Headers that name ids which each side makes by itself. */
  readonly aliases: {
    readonly places: ReadonlyMap<string, AliasPlace>
    readonly view: AliasView | undefined
    readonly met: MetAliases
  }
}

/** Where the compared headers of two raw lists differ. */
export function compareHeaders(
  primary: readonly string[],
  shadow: readonly string[],
  { names, normalize, aliases }: HeaderRules,
): PlacedDifference[] {
  const [mine, theirs] = [pickHeaders(primary, names), pickHeaders(shadow, names)]
  const found: PlacedDifference[] = []
  for (const name of new Set([...mine.keys(), ...theirs.keys()])) {
    const [ours, others] = [mine.get(name) ?? [], theirs.get(name) ?? []]
    if (name === 'content-type') found.push(...compareContentType(ours[0], others[0]))
    else if (name === 'set-cookie') found.push(...compareCookies(ours, others))
    else {
      const one = normalizeHeader(name, ours, normalize)
      const other = normalizeHeader(name, others, normalize)
      if (one !== other && !areAliases(name, [one, other], aliases))
        found.push(headerDifference(name, one, other))
    }
  }
  return found
}

function areAliases(
  name: string,
  [one, other]: readonly [string | undefined, string | undefined],
  { places, view, met }: HeaderRules['aliases'],
): boolean {
  const place = places.get(name)
  if (place === undefined || one === undefined || other === undefined) return false
  return isSameButForIds(met, { ...place, view }, [one, other])
}

/** The compared headers by name in small letters. */
function pickHeaders(headers: readonly string[], names: ReadonlySet<string>): Map<string, string[]> {
  const picked = new Map<string, string[]>()
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase()
    if (!names.has(name)) continue
    const values = picked.get(name)
    if (values === undefined) picked.set(name, [headers[at + 1] ?? ''])
    else values.push(headers[at + 1] ?? '')
  }
  return picked
}

/** Lists of words in which neither case nor order means anything. */
const WORD_LISTS = new Set(['cache-control', 'allow', 'vary'])

function normalizeHeader(
  name: string,
  values: readonly string[],
  normalize: (value: string) => string,
): string | undefined {
  if (values.length === 0) return undefined
  const value = values.join(', ')
  if (!WORD_LISTS.has(name)) return normalize(value.trim())
  const words = value.split(',').map((word) => word.trim().toLowerCase())
  return words
    .filter((word) => word !== '')
    .sort()
    .join(', ')
}

function compareContentType(primary: string | undefined, shadow: string | undefined): PlacedDifference[] {
  if (primary === shadow) return []
  const [one, other] = [parseMediaType(primary), parseMediaType(shadow)]
  if (one.essence !== other.essence) {
    return [
      { ...headerDifference('content-type', primary, shadow), kind: 'content-type', path: 'content-type' },
    ]
  }
  return showParameters(one) === showParameters(other)
    ? []
    : [headerDifference('content-type', primary, shadow)]
}

/** The boundary of a multipart is by chance, and JSON is UTF-8 whether it says so or not (RFC 8259 8.1). */
function showParameters(type: MediaType): string {
  return Object.entries(type.parameters)
    .filter(([name]) => name !== 'boundary' && !(name === 'charset' && formatOf(type) === 'json'))
    .map(([name, value]) => `${name}=${value.toLowerCase()}`)
    .sort()
    .join(';')
}

/** Cookies by name and by the attributes that say who gets them; values and times are each side's own, and secret. */
function compareCookies(primary: readonly string[], shadow: readonly string[]): PlacedDifference[] {
  const [mine, theirs] = [readCookies(primary), readCookies(shadow)]
  return [...new Set([...mine.keys(), ...theirs.keys()])].flatMap((name) => {
    const [one, other] = [mine.get(name), theirs.get(name)]
    return one === other ? [] : [headerDifference(`set-cookie[${name}]`, one, other)]
  })
}

const SHOWN_ATTRIBUTES = new Set(['path', 'domain', 'secure', 'httponly', 'samesite', 'partitioned'])

function readCookies(values: readonly string[]): Map<string, string> {
  return new Map(
    values.slice(0, 100).map((value) => {
      const [pair = '', ...attributes] = value.split(';').map((part) => part.trim())
      const shown = attributes
        .map((attribute) => attribute.toLowerCase())
        .filter((attribute) => SHOWN_ATTRIBUTES.has(attribute.split('=')[0] ?? ''))
      return [pair.split('=')[0]?.slice(0, 100) ?? '', shown.sort().join('; ')]
    }),
  )
}

function headerDifference(
  name: string,
  primary: string | undefined,
  shadow: string | undefined,
): PlacedDifference {
  const show = (value: string) => JSON.stringify(maskTokens(value).slice(0, SHOWN_LENGTH))
  return {
    kind: 'header',
    path: `header:${name}`,
    count: 1,
    ...(primary === undefined ? {} : { primary: show(primary) }),
    ...(shadow === undefined ? {} : { shadow: show(shadow) }),
    place: `header:${name}`,
    siblings: '',
  }
}
