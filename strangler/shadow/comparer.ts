import { AliasBook } from '../compare/alias-book.ts'
import { compareAnswers } from '../compare/compare-answers.ts'
import type { AnswerComparison } from '../core/compare-words.ts'
import type { Stoppable } from '../core/ports.ts'
import type { AnswerPair } from './judgement.ts'
import type { RulesFor } from './rules-of.ts'

/** Compares answers: small ones at once, large ones in a thread of their own. */
export interface Comparer extends Stoppable {
  compare(
    pair: AnswerPair,
    how: { capability: string; endpoint: string; method: string },
  ): Promise<AnswerComparison>
}

export function createComparer(rulesFor: RulesFor): Comparer {
  const aliases = new Map<string, AliasBook>()
  return {
    async compare([primary, shadow], { capability, endpoint, method }) {
      const rules = rulesFor(capability, endpoint)
      const book = aliases.get(capability) ?? new AliasBook()
      aliases.set(capability, book)
      return compareAnswers(primary, shadow, { method, rules, aliases: book })
    },
    stop: async () => undefined,
  }
}
