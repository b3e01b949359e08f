import { type ReadonlySignal, signal } from '@preact/signals'
import { ApiError, ask, setCsrf, whenSignedOut } from '../api/ask.ts'
import { startLive, stopLive } from '../api/live.ts'

export interface SignedIn {
  readonly state: 'in'
  readonly role: 'viewer' | 'operator'
}
export type SessionState =
  | { readonly state: 'looking' }
  | { readonly state: 'out'; readonly because?: string }
  | SignedIn

interface SessionAnswer {
  readonly role: 'viewer' | 'operator'
  readonly csrf: string
}

const current = signal<SessionState>({ state: 'looking' })
export const session: ReadonlySignal<SessionState> = current

const NAME_KEY = 'strangler.name'

/** What the journal calls this person; it is stated, not proven. */
export function readName(): string {
  return localStorage.getItem(NAME_KEY) ?? ''
}

export const isOperator = (): boolean => current.value.state === 'in' && current.value.role === 'operator'

/** Looks whether the cookie of an earlier visit is still good. */
export async function findSession(): Promise<void> {
  try {
    enter(await ask<SessionAnswer>('/session'))
  } catch (error) {
    const isRefused = error instanceof ApiError && error.problem.status === 401
    if (current.value.state === 'in' && !isRefused) return
    leave(isRefused ? undefined : error instanceof Error ? error.message : undefined)
  }
}

/** @throws ApiError for a wrong token */
export async function signIn(token: string, name: string): Promise<void> {
  const answer = await ask<SessionAnswer>('/session', { body: { token } })
  localStorage.setItem(NAME_KEY, name)
  enter(answer)
}

export async function signOut(): Promise<void> {
  await ask('/session', { method: 'DELETE' })
  leave(undefined)
}

function enter({ role, csrf }: SessionAnswer): void {
  setCsrf(csrf)
  const wasIn = current.value.state === 'in'
  current.value = { state: 'in', role }
  if (!wasIn) startLive(findSession)
}

function leave(because: string | undefined): void {
  stopLive()
  current.value = { state: 'out', ...(because === undefined ? {} : { because }) }
}

whenSignedOut(() => {
  if (current.value.state === 'in') leave('The session is over. Sign in again.')
})
