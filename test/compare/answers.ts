import { compareAnswers, type HowToCompare } from '../../strangler/compare/compare-answers.ts'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import type { AnswerComparison, CapturedAnswer, CompareRules } from '../../strangler/core/compare-words.ts'

/** An answer with a body of its own media type. */
export function answer(
  body: string | Uint8Array,
  { type = 'application/json', status = 200, headers = [] as readonly string[] } = {},
): CapturedAnswer {
  return {
    status,
    headers: ['Content-Type', type, ...headers],
    body: typeof body === 'string' ? Buffer.from(body) : body,
    tookMs: 1,
  }
}

export function compare(
  primary: CapturedAnswer,
  shadow: CapturedAnswer,
  rules: CompareRules = {},
  how: Partial<HowToCompare> = {},
): AnswerComparison {
  return compareAnswers(primary, shadow, { method: 'GET', rules: compileRules(rules), ...how })
}

/** Two JSON texts or values, compared: `kind path` of every difference, `same`, or `skipped reason`. */
export function compareJson(primary: unknown, shadow: unknown, rules: CompareRules = {}): string[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return tell(compare(answer(text(primary)), answer(text(shadow)), rules))
}

export function tell(found: AnswerComparison): string[] {
  if (found.kind === 'same') return ['same']
  if (found.kind === 'skipped') return [`skipped ${found.reason}`]
  return found.differences.map(({ kind, path, count }) => `${kind} ${path}${count > 1 ? ` ×${count}` : ''}`)
}
