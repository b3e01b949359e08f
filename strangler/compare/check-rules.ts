import type { CompareRules } from '../core/compare-words.ts'
import { StranglerError } from '../core/errors.ts'
import { parsePathGlob } from './path-glob.ts'

/**
 * Refuses rules that would silently do nothing.
 * @throws StranglerError STRANGLER_CONFIG_INVALID
 */
export function checkRules(rules: CompareRules, where: string): void {
  const placed = [rules.lists, rules.numbers, rules.dates, rules.placeholders, rules.aliases]
  const masked = (rules.mask ?? []).filter((path) => !/^(query|header):./.test(path))
  const paths = [
    ...(rules.ignore ?? []),
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
