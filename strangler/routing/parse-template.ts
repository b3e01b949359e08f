import { parse, pathToRegexp, type Token, TokenData } from 'path-to-regexp'
import { StranglerError } from '../core/errors.ts'

/** One segment of a path template. Static text is lower-cased: Express matches paths without case by default. */
export type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'parameter' }
  | { readonly kind: 'wildcard' }
  | {
      readonly kind: 'mixed'
      readonly shape: string
      readonly pattern: RegExp
      readonly literalLength: number
    }

/** A template without optional parts: the segments between its slashes. */
export type Template = readonly Segment[]

// Each optional group doubles the templates; past this a template is a mistake, not a wish.
const MOST_VARIANTS = 64

/**
 * Splits an Express 5 path template into segments; each optional group (`{/:id}`) gives one more template.
 * @throws StranglerError STRANGLER_CONFIG_INVALID when path-to-regexp refuses it
 */
export function parseTemplate(template: string): Template[] {
  const variants = expandGroups(parseTokens(template))
  if (variants.length > MOST_VARIANTS)
    throw invalid(template, `it has ${variants.length} optional variants, and ${MOST_VARIANTS} is the most`)
  return variants.map((tokens) => toSegments(template, tokens))
}

type Flat = Exclude<Token, { type: 'group' }>

function parseTokens(template: string): Token[] {
  if (!template.startsWith('/')) throw invalid(template, 'a path template begins with a slash')
  try {
    return parse(template).tokens
  } catch (error) {
    throw invalid(template, error instanceof Error ? error.message : String(error))
  }
}

function expandGroups(tokens: readonly Token[]): Flat[][] {
  let variants: Flat[][] = [[]]
  for (const token of tokens) {
    if (token.type !== 'group') {
      for (const variant of variants) variant.push(token)
      continue
    }
    const inner = expandGroups(token.tokens)
    variants = [...variants.flatMap((variant) => inner.map((more) => [...variant, ...more])), ...variants]
    if (variants.length > 10 * MOST_VARIANTS) break
  }
  return variants
}

function toSegments(template: string, tokens: readonly Flat[]): Template {
  // With two, a path of many segments could be divided in as many ways as there are pairs of them.
  if (tokens.filter((token) => token.type === 'wildcard').length > 1)
    throw invalid(template, 'it has more than one wildcard')
  const segments: Flat[][] = [[]]
  for (const token of tokens) {
    if (token.type !== 'text') {
      segments.at(-1)?.push(token)
      continue
    }
    const [first = '', ...others] = token.value.split('/')
    if (first !== '') segments.at(-1)?.push({ type: 'text', value: first })
    for (const text of others) segments.push(text === '' ? [] : [{ type: 'text', value: text }])
  }
  // The text before the first slash, and an optional slash at the end.
  const parts = segments.slice(1)
  if (parts.length > 0 && parts.at(-1)?.length === 0) parts.pop()
  return parts.map((part) => toSegment(template, part))
}

function toSegment(template: string, tokens: readonly Flat[]): Segment {
  const [only] = tokens
  if (only === undefined) throw invalid(template, 'it has an empty segment (`//`)')
  if (tokens.length === 1) {
    if (only.type === 'text') return { kind: 'static', text: encodeURI(only.value).toLowerCase() }
    return { kind: only.type === 'param' ? 'parameter' : 'wildcard' }
  }
  if (tokens.some((token) => token.type === 'wildcard'))
    throw invalid(template, 'a wildcard must be a whole segment')
  const shape = tokens.map((token) => (token.type === 'text' ? token.value.toLowerCase() : ':')).join('')
  const literalLength = tokens.reduce(
    (sum, token) => sum + (token.type === 'text' ? token.value.length : 0),
    0,
  )
  // Their own expression, so that a segment matches exactly where Express matches it; it does not backtrack either.
  const { regexp } = pathToRegexp(new TokenData([{ type: 'text', value: '/' }, ...tokens]), {
    trailing: false,
  })
  return { kind: 'mixed', shape, pattern: regexp, literalLength }
}

function invalid(template: string, found: string): StranglerError {
  return new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `The path template "${template}" cannot be used: ${found}.`,
    {
      fix: 'Write it as Express 5 does: `/api/items/:id`, `/files/*path`, `/items{/:id}`.',
    },
  )
}
