import type { AnswerComparison, CapturedAnswer } from '../core/compare-words.ts'
import type { AliasView } from './alias-book.ts'
import { compareBodies } from './compare-bodies.ts'
import { compareHeaders } from './compare-headers.ts'
import type { CompiledRules } from './compile-rules.ts'
import type { MetAliases } from './judge-alias.ts'
import { stripBaseUrls } from './judge-leaf.ts'
import { parseMediaType } from './media-type.ts'
import { headerValue } from './raw-headers.ts'
import { type PlacedDifference, weighDifferences } from './summarize-walk.ts'

export interface HowToCompare {
  /** Of the request: an answer to HEAD has no body. */
  readonly method: string
  readonly rules: CompiledRules
  /** Pairs of ids that each side makes by itself, as far as they are known. */
  readonly aliases?: AliasView
  /** How large a body may be once it is decoded; 8 MiB by default. */
  readonly maxBodyBytes?: number
  /** How many differences are told; 100 by default. */
  readonly maxDifferences?: number
}

const MAX_BODY_BYTES = 8 * 2 ** 20
const MAX_DIFFERENCES = 100

/** Compares two whole answers. A pure function; it throws for no answer whatever. */
export function compareAnswers(
  primary: CapturedAnswer,
  shadow: CapturedAnswer,
  how: HowToCompare,
): AnswerComparison {
  if ([primary, shadow].some(isStream)) return { kind: 'skipped', reason: 'streaming' }
  const { rules, aliases } = how
  const met: MetAliases = { unresolvedAliases: 0, learned: [] }
  const status = compareStatus(primary.status, shadow.status)
  const headers = compareHeaders(primary.headers, shadow.headers, {
    names: rules.headers,
    normalize: (value) => stripBaseUrls(value, rules.baseUrls),
    aliases: { places: rules.headerAliases, view: aliases, met },
  })
  const found = [...status, ...headers]
  // Answers of another status are about something else: how their bodies differ is no news. The bodies of redirects are for nobody.
  if (status.length === 0 && hasBody(how.method, primary.status)) {
    const bodies = compareBodies(primary, shadow, { ...how, maxBytes: how.maxBodyBytes ?? MAX_BODY_BYTES })
    if (bodies.kind === 'skipped') return bodies
    if (bodies.kind === 'different') found.push(...bodies.differences)
    else addMet(met, bodies.met)
  }
  if (found.length === 0) return concludeSame(met, aliases)
  const bound = how.maxDifferences ?? MAX_DIFFERENCES
  return {
    kind: 'different',
    differences: weighDifferences(found).slice(0, bound),
    more: Math.max(0, found.length - bound),
  }
}

/** Only answers that are the same otherwise teach anything: in others, entries may have been paired wrongly. */
function concludeSame({ learned, unresolvedAliases }: MetAliases, aliases?: AliasView): AnswerComparison {
  for (const { of, primary, shadow } of learned) aliases?.learn?.(of, primary, shadow)
  return unresolvedAliases > 0 ? { kind: 'skipped', reason: 'alias' } : { kind: 'same' }
}

function addMet(met: MetAliases, more: MetAliases = { unresolvedAliases: 0, learned: [] }): void {
  met.unresolvedAliases += more.unresolvedAliases
  met.learned.push(...more.learned)
}

function compareStatus(primary: number, shadow: number): PlacedDifference[] {
  if (primary === shadow) return []
  const values = { primary: String(primary), shadow: String(shadow) }
  return [{ kind: 'status', path: 'status', count: 1, ...values, place: 'status', siblings: '' }]
}

function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && !(status >= 300 && status < 400)
}

function isStream({ headers }: CapturedAnswer): boolean {
  const type = headerValue(headers, 'content-type')
  // Read only where it may be one: every answer is asked.
  return (
    type !== undefined && /event-stream/i.test(type) && parseMediaType(type).essence === 'text/event-stream'
  )
}
