import type { AliasView } from './alias-book.ts'
import { typeOf } from './body-values.ts'
import { AmbiguousObject, ExactNumber } from './exact-json.ts'
import { isAlias, type MetAliases } from './judge-alias.ts'
import type { PlaceEffects } from './place-rules.ts'

/** What judging a leaf needs to know of the walk. */
export interface LeafContext extends MetAliases {
  readonly options: { readonly baseUrls: readonly string[]; readonly aliases: AliasView | undefined }
}

/** How two values differ of which one at least has nothing beneath it; undefined when they are equal under the rules. */
export function judgeLeaf(
  context: LeafContext,
  rules: PlaceEffects,
  primary: unknown,
  shadow: unknown,
): 'type' | 'value' | undefined {
  if (isEqual(primary, shadow, context.options.baseUrls)) return undefined
  if (rules.isLenient && isTolerated(context, rules, [primary, shadow])) return undefined
  return typeOf(primary) === typeOf(shadow) ? 'value' : 'type'
}

function isEqual(primary: unknown, shadow: unknown, baseUrls: readonly string[]): boolean {
  if (primary === shadow) return true
  if (typeof primary === 'string' && typeof shadow === 'string') {
    return baseUrls.length > 0 && stripBaseUrls(primary, baseUrls) === stripBaseUrls(shadow, baseUrls)
  }
  if (primary instanceof ExactNumber) return shadow instanceof ExactNumber && primary.text === shadow.text
  if (primary instanceof AmbiguousObject) {
    return shadow instanceof AmbiguousObject && primary.text === shadow.text
  }
  return false
}

function isTolerated(context: LeafContext, rules: PlaceEffects, pair: readonly [unknown, unknown]): boolean {
  if (rules.looksLike !== undefined && pair.every((value) => looksLike(value, rules.looksLike!))) return true
  if (rules.numbersWithin !== undefined && areWithin(pair.map(toNumber), rules.numbersWithin)) return true
  if (rules.datesWithinMs !== undefined && areWithin(pair.map(toTime), rules.datesWithinMs)) return true
  if (rules.alias === undefined) return false
  return isAlias(context, { ...rules.alias, view: context.options.aliases }, pair)
}

/** A longer text is no id and no time; and a pattern that goes back and forth over it would take for ever. */
const LONGEST_PLACEHOLDER = 256

function looksLike(value: unknown, pattern: RegExp): boolean {
  const text =
    typeof value === 'number' ? String(value) : value instanceof ExactNumber ? String(toNumber(value)) : value
  return typeof text === 'string' && text.length <= LONGEST_PLACEHOLDER && pattern.test(text)
}

function areWithin([one = Number.NaN, other = Number.NaN]: readonly number[], within: number): boolean {
  // A sum of decimals is off by the last bit: 0.3 and 0.2 are 0.1 apart for everybody but a double.
  return Math.abs(one - other) <= within * (1 + 1e-9)
}

function toNumber(value: unknown): number {
  if (value instanceof ExactNumber) return Number(value.text)
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)
    ? Number(value)
    : Number.NaN
}

function toTime(value: unknown): number {
  // Seconds since 1970 have ten digits, milliseconds thirteen, from 2001 to 2286.
  if (typeof value === 'number') return value < 1e11 ? value * 1_000 : value
  return typeof value === 'string' && value.length <= LONGEST_PLACEHOLDER ? Date.parse(value) : Number.NaN
}

/** The texts are the same but for the addresses of the sides, wherever these stand in them. */
export function stripBaseUrls(text: string, baseUrls: readonly string[]): string {
  return baseUrls.reduce((left, url) => left.replaceAll(url, ''), text)
}
