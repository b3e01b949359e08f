import { createInterface } from 'node:readline/promises'
import type { Terminal } from './terminal.ts'

/** Asks a person; an empty answer is the default. */
export type Ask = (question: string, fallback?: string) => Promise<string>

/** Questions for whoever sits at the terminal; undefined where nobody does. */
export function openQuestions(terminal: Terminal): { readonly ask: Ask; close(): void } | undefined {
  const { stdin, stderr } = terminal
  if (stdin?.isTTY !== true || stderr.isTTY !== true) return undefined
  const lines = createInterface({ input: stdin })
  return {
    // On standard error: standard output is what a script reads.
    ask: async (question, fallback = '') => {
      stderr.write(fallback === '' ? `${question} ` : `${question} [${fallback}] `)
      const answer = (await lines.question('')).trim()
      return answer === '' ? fallback : answer
    },
    close: () => lines.close(),
  }
}
