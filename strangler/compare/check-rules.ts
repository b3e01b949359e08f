import type { CompareRules } from '../core/compare-words.ts'
import { StranglerError } from '../core/errors.ts'
import { parsePathGlob } from './path-glob.ts'

/**
 * Refuses rules that would silently do nothing.
 * @throws StranglerError STRANGLER_CONFIG_INVALID
 */
export function checkRules(rules: CompareRules, where: string): void {
  const placed = [rules.lists, rules.numbers, rules.dates, rules.placeholders, checkAliases(rules, where)]
  const masked = (rules.mask ?? []).filter((path) => !/^(query|header):./.test(path))
  const paths = [
    ...(rules.ignore ?? []),
    ...(rules.neverNoise ?? []),
    ...masked,
    ...placed.flatMap((list) => (list ?? []).map(({ path }) => path)),
  ]
  for (const path of paths) {
    if (parsePathGlob(path) === undefined) throw noPath(path, where)
  }
  for (const { path, pattern } of rules.placeholders ?? []) {
    if (!isPattern(pattern)) {
      throw new StranglerError(
        'STRANGLER_CONFIG_INVALID',
        `The placeholder for \`${path}\` in \`${where}\` is ${JSON.stringify(pattern)}, which is no regular expression.`,
        {
          fix: 'Write `uuid`, `timestamp`, or a regular expression for the whole value, such as `req-\\d+`.',
        },
      )
    }
  }
}

const REQUEST_PLACE = /^(param|query|request):/

/** The aliases that stand in bodies; those of a request's have its prefix taken off. */
function checkAliases({ aliases = [] }: CompareRules, where: string): { readonly path: string }[] {
  for (const { path, learn } of aliases) {
    if (learn === true && REQUEST_PLACE.test(path)) {
      throw new StranglerError(
        'STRANGLER_CONFIG_INVALID',
        `\`${where}\` is to learn ids at \`${path}\`, a place of a request: there is only one there, and no pair.`,
        { fix: 'Put `learn` at a place of the answers, such as `$.id`.' },
      )
    }
  }
  return aliases
    .filter(({ path }) => !/^(header|param|query):./.test(path))
    .map(({ path }) => ({ path: path.replace(/^request:/, '') }))
}

function noPath(path: string, where: string): StranglerError {
  return new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `\`${where}\` names the path ${JSON.stringify(path)}, which is none: the rule would never apply.`,
    { fix: 'Write it from the body down: `$.items[].price`; or for any depth: `**.updatedAt`.' },
  )
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u')
    return true
  } catch {
    // That is the question here.
    return false
  }
}
