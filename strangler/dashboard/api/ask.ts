import type { Problem } from '../../admin/contracts.ts'

const BASE = '/dashboard/api'
const DEFAULT_TIMEOUT_MS = 20_000

/** What an answer that is no success says. */
export class ApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

let csrf = ''
let onSignedOut: (() => void) | undefined

/** The word that every command must carry. */
export function setCsrf(word: string): void {
  csrf = word
}

/** Told when an answer says that nobody is signed in. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

export interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Asks the admin API through the door of the dashboard.
 * @throws ApiError with what the API says, or that it did not answer
 */
export async function ask<T>(path: string, options: AskOptions = {}): Promise<T> {
  const answer = await send(path, options)
  const body: unknown = await answer.json().catch(() => undefined)
  if (answer.ok) return body as T
  if (answer.status === 401) onSignedOut?.()
  throw new ApiError(toProblem(body, answer.status))
}

async function send(path: string, { method, body, timeoutMs, signal }: AskOptions): Promise<Response> {
  const late = AbortSignal.timeout(timeoutMs ?? DEFAULT_TIMEOUT_MS)
  try {
    return await fetch(BASE + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        'x-strangler-csrf': csrf,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiError({
      ...{ status: 0, title: 'The admin API does not answer', code: 'NO_ANSWER' },
      detail: late.aborted
        ? 'The admin API has not answered in time. It may have done what it was asked.'
        : 'The admin API cannot be reached.',
      fix: 'See whether `strangler start` runs; this page asks again by itself.',
    })
  }
}

function toProblem(body: unknown, status: number): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body) return body as Problem
  const title = 'The answer could not be read'
  return { status, title, code: `HTTP_${status}`, detail: `${title} (status ${status}).` }
}

/** `?a=1&b=2`, without what is undefined or empty. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem
  const detail = error instanceof Error ? error.message : String(error)
  return { status: 0, title: 'The page has failed', code: 'PAGE', detail }
}
