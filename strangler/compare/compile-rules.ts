import type { CompareRules } from '../core/compare-words.ts'
import { checkRules } from './check-rules.ts'
import { COMPARED_HEADERS } from './compare-headers.ts'
import type { AliasPlace } from './judge-alias.ts'
import { matchesGlob } from './path-glob.ts'
import { PathTree } from './path-node.ts'
import { PlaceRules } from './place-rules.ts'

/** The rules of an endpoint, ready to be used for many exchanges. */
export interface CompiledRules {
  readonly tree: PathTree
  readonly headers: ReadonlySet<string>
  readonly baseUrls: readonly string[]
  readonly nullIsAbsent: boolean
  /** Whether what differs at a path may be noise. */
  readonly mayBeNoise: (path: string) => boolean
  /** Query parameters and headers that `mask` names, in small letters. */
  readonly maskedQuery: ReadonlySet<string>
  readonly maskedHeaders: ReadonlySet<string>
  /** Headers of answers that name ids which each side makes by itself, in small letters. */
  readonly headerAliases: ReadonlyMap<string, AliasPlace>
  /** Where requests name them; undefined where no rule does. */
  readonly requestAliases: RequestAliases | undefined
}

/** Where a request names ids, and of what: parameters of the endpoint's template, of the query, and members of the body. */
export interface RequestAliases {
  readonly params: ReadonlyMap<string, string>
  readonly query: ReadonlyMap<string, string>
  readonly body: PathTree | undefined
}

/**
 * Makes rules ready for use.
 * @param where whose rules they are, for the message
 * @throws StranglerError STRANGLER_CONFIG_INVALID naming a path that is none, or a pattern that is no regular expression
 */
export function compileRules(rules: CompareRules = {}, where = 'compare'): CompiledRules {
  checkRules(rules, where)
  return {
    tree: new PathTree(PlaceRules.from(rules)),
    headers: new Set((rules.headers ?? COMPARED_HEADERS).map((name) => name.toLowerCase())),
    // Longest first: of `http://a` and `http://a:80` the second must be taken out as a whole.
    baseUrls: [...(rules.baseUrls ?? [])]
      .map((url) => url.replace(/\/$/, ''))
      .filter((url) => url !== '')
      .sort((one, other) => other.length - one.length),
    nullIsAbsent: rules.nullIsAbsent ?? false,
    mayBeNoise: (path) => !(rules.neverNoise ?? []).some((glob) => matchesGlob(glob, path)),
    maskedQuery: namesAfter('query:', rules.mask),
    maskedHeaders: namesAfter('header:', rules.mask),
    headerAliases: new Map(
      aliasesAfter('header:', rules).map(({ path, ...place }) => [path.toLowerCase(), place]),
    ),
    requestAliases: compileRequestAliases(rules),
  }
}

function namesAfter(prefix: string, mask: readonly string[] = []): ReadonlySet<string> {
  const names = mask.filter((entry) => entry.startsWith(prefix))
  return new Set(names.map((name) => name.slice(prefix.length).toLowerCase()))
}

function aliasesAfter(prefix: string, { aliases = [] }: CompareRules): (AliasPlace & { path: string })[] {
  return aliases
    .filter(({ path }) => path.startsWith(prefix))
    .map((alias) => ({ ...alias, path: alias.path.slice(prefix.length) }))
}

function compileRequestAliases(rules: CompareRules): RequestAliases | undefined {
  const named = (prefix: string) => new Map(aliasesAfter(prefix, rules).map(({ path, of }) => [path, of]))
  const inBody = aliasesAfter('request:', rules)
  const params = named('param:')
  const query = named('query:')
  if (params.size + query.size + inBody.length === 0) return undefined
  return {
    ...{ params, query },
    body: inBody.length === 0 ? undefined : new PathTree(PlaceRules.from({ aliases: inBody })),
  }
}

/** The rules of a capability with those of one endpoint behind them: lists are joined, and the endpoint's single values win. */
export function joinRules(wide: CompareRules, narrow: CompareRules): CompareRules {
  const join = <T>(one: readonly T[] = [], other: readonly T[] = []) => [...one, ...other]
  const headers = narrow.headers ?? wide.headers
  return {
    ignore: join(wide.ignore, narrow.ignore),
    lists: join(wide.lists, narrow.lists),
    numbers: join(wide.numbers, narrow.numbers),
    dates: join(wide.dates, narrow.dates),
    placeholders: join(wide.placeholders, narrow.placeholders),
    baseUrls: join(wide.baseUrls, narrow.baseUrls),
    nullIsAbsent: narrow.nullIsAbsent ?? wide.nullIsAbsent ?? false,
    ...(headers === undefined ? {} : { headers }),
    aliases: join(wide.aliases, narrow.aliases),
    neverNoise: join(wide.neverNoise, narrow.neverNoise),
    mask: join(wide.mask, narrow.mask),
  }
}
