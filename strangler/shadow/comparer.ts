import { AliasBook } from '../compare/alias-book.ts'
import { aliasRequest } from '../compare/alias-request.ts'
import { compareAnswers } from '../compare/compare-answers.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { AnswerComparison, CapturedRequest } from '../core/compare-words.ts'
import type { Side } from '../core/words.ts'
import type { AnswerPair } from './judgement.ts'
import type { RulesFor } from './rules-of.ts'

/** Compares answers, and remembers from them which ids of the two sides belong together. */
export interface Comparer {
  compare(
    pair: AnswerPair,
    exchange: Pick<CapturedExchange, 'capability' | 'endpoint' | 'effect' | 'requests'>,
  ): Promise<AnswerComparison>
  /** The request as a side understands it; undefined when it names an id of which nobody knows what that side calls it. */
  requestFor(side: Side, exchange: CapturedExchange): CapturedRequest | undefined
}

export function createComparer(rulesFor: RulesFor): Comparer {
  const books = new Map<string, AliasBook>()
  const bookOf = (capability: string) => {
    const book = books.get(capability) ?? new AliasBook()
    books.set(capability, book)
    return book
  }
  return {
    async compare([one, other], { capability, endpoint, effect, requests }) {
      const rules = rulesFor(capability, endpoint)
      // An id of a dry run is gone with it.
      const aliases = bookOf(capability).between(one.side, other.side, { learns: effect === 'read' })
      return compareAnswers(one, other, { method: requests.monolith.method, rules, aliases })
    },
    requestFor(side, { capability, endpoint, primary, requests }) {
      const places = side === primary ? undefined : rulesFor(capability, endpoint).requestAliases
      if (places === undefined) return requests[side]
      const [, template = '/'] = endpoint.split(/\s+(.*)/s)
      const resolve = (of: string, id: string | number) => bookOf(capability).resolve(of, primary, id)
      return aliasRequest(requests[side], { template, places, resolve })
    },
  }
}
