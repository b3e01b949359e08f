import type { CompareRules } from '../core/compare-words.ts'
import {
  advanceGlob,
  dedupe,
  type GlobPosition,
  isWholeMatch,
  type PathGlob,
  type PathStep,
  parsePathGlob,
  startGlob,
} from './path-glob.ts'
import { isSecretName } from './secret-names.ts'

/** What the rules say about one place. */
export interface PlaceEffects {
  readonly ignored: boolean
  /** Not shown: it, or something above it, is secret. */
  readonly masked: boolean
  readonly list: { readonly keyedBy?: string | undefined } | undefined
  readonly numbersWithin: number | undefined
  readonly datesWithinMs: number | undefined
  readonly looksLike: RegExp | undefined
  readonly alias: { readonly of: string; readonly learn?: boolean | undefined } | undefined
  /** Different values may count as equal here. */
  readonly isLenient: boolean
}

type Effect = Partial<Omit<PlaceEffects, 'isLenient'>>

interface Rule {
  readonly glob: PathGlob
  readonly effect: Effect
}

/** The rules as they stand at one place: how far every glob has come on the way to it. */
export class PlaceRules implements PlaceEffects {
  readonly ignored: boolean
  readonly masked: boolean
  readonly list: PlaceEffects['list']
  readonly numbersWithin: number | undefined
  readonly datesWithinMs: number | undefined
  readonly looksLike: RegExp | undefined
  readonly alias: PlaceEffects['alias']
  readonly isLenient: boolean
  readonly #positions: readonly GlobPosition[]
  readonly #effects: ReadonlyMap<PathGlob, Effect>

  private constructor(
    positions: readonly GlobPosition[],
    effects: ReadonlyMap<PathGlob, Effect>,
    isSecret: boolean,
  ) {
    this.#positions = positions
    this.#effects = effects
    const here: Effect = Object.assign(
      {},
      ...positions.filter(isWholeMatch).map(({ glob }) => effects.get(glob)),
    )
    this.ignored = here.ignored ?? false
    this.masked = isSecret || (here.masked ?? false)
    this.list = here.list
    this.numbersWithin = here.numbersWithin
    this.datesWithinMs = here.datesWithinMs
    this.looksLike = here.looksLike
    this.alias = here.alias
    this.isLenient = (here.numbersWithin ?? here.datesWithinMs ?? here.looksLike ?? here.alias) !== undefined
  }

  /** The rules at `$`. A later rule wins over an earlier one of its kind. */
  static from(rules: CompareRules): PlaceRules {
    const compiled = compileEffects(rules)
    return new PlaceRules(
      compiled.flatMap(({ glob }) => startGlob(glob)),
      new Map(compiled.map(({ glob, effect }) => [glob, effect])),
      false,
    )
  }

  /** The rules one step further down. */
  at(step: PathStep): PlaceRules {
    const positions = dedupe(this.#positions.flatMap((position) => advanceGlob(position, step)))
    const isSecret = this.masked || (step !== 'entry' && isSecretName(step.name))
    return new PlaceRules(positions, this.#effects, isSecret)
  }
}

function compileEffects(rules: CompareRules): Rule[] {
  const make = (path: string, effect: Effect): Rule[] => {
    const glob = parsePathGlob(path)
    return glob === undefined ? [] : [{ glob, effect }]
  }
  return [
    ...(rules.ignore ?? []).flatMap((path) => make(path, { ignored: true })),
    ...(rules.mask ?? []).flatMap((path) => make(path, { masked: true })),
    ...(rules.lists ?? []).flatMap(({ path, keyedBy }) => make(path, { list: { keyedBy } })),
    ...(rules.numbers ?? []).flatMap(({ path, within }) => make(path, { numbersWithin: within })),
    ...(rules.dates ?? []).flatMap(({ path, withinMs }) => make(path, { datesWithinMs: withinMs })),
    ...(rules.placeholders ?? []).flatMap(({ path, pattern }) =>
      make(path, { looksLike: toPattern(pattern) }),
    ),
    ...(rules.aliases ?? []).flatMap(({ path, of, learn }) => make(path, { alias: { of, learn } })),
  ]
}

const NAMED_PATTERNS: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  // ISO 8601, an HTTP date, or seconds or milliseconds since 1970 between 2001 and 2286.
  timestamp:
    /^(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|\d{10}|\d{13}|\d{10}\.\d+)$/,
}

function toPattern(text: string): RegExp {
  return (
    (Object.hasOwn(NAMED_PATTERNS, text) ? NAMED_PATTERNS[text] : undefined) ??
    new RegExp(`^(?:${text})$`, 'su')
  )
}
