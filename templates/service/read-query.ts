import type { Request } from 'express'
import { Problem } from './problem.ts'

/** More than a page needs; without it one request could ask for a whole table. */
const MOST_ROWS = 10_000

/** What a query says that nobody has written an answer for is not passed over: the answer would be a wrong one. */
export function requireKnown(request: Request, known: readonly string[]): void {
  const unknown = Object.keys(request.query).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Problem(501, `What "${unknown}" asks for is not written yet.`)
}

/** One value of the query; undefined when it is not given. */
export function textOf(request: Request, name: string): string | undefined {
  const value = request.query[name]
  if (value === undefined || typeof value === 'string') return value
  throw new Problem(400, `"${name}" may be given once.`)
}

export function numberOf(request: Request, name: string, fallback: number): number {
  const text = textOf(request, name)
  if (text === undefined) return fallback
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), MOST_ROWS)
  throw new Problem(400, `"${name}" must be a whole number.`)
}

/** When the answer was made. */
export const now = (): string => new Date().toISOString()
