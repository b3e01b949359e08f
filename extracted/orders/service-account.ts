import { z } from 'zod'

const signInAnswer = z.object({ token: z.string(), expiresInSeconds: z.number() })
const RENEW_BEFORE_MS = 60_000
const TIMEOUT_MS = 5_000

export interface ServiceAccountOptions {
  readonly monolithUrl: string
  readonly serviceEmail: string
  readonly servicePassword: string
}

/** The token of the service's own account, for work that no user has asked for; kept until shortly before it ends. */
export function createServiceAccount(options: ServiceAccountOptions) {
  let kept: { token: string; renewAt: number } | undefined

  return async function getToken(): Promise<string> {
    if (kept !== undefined && Date.now() < kept.renewAt) return kept.token
    const answer = await fetch(new URL('/api/auth/sign-in', options.monolithUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: options.serviceEmail, password: options.servicePassword }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!answer.ok)
      throw new Error(`The shop refused the sign-in of ${options.serviceEmail}: ${answer.status}.`)
    const { token, expiresInSeconds } = signInAnswer.parse(await answer.json())
    kept = { token, renewAt: Date.now() + expiresInSeconds * 1_000 - RENEW_BEFORE_MS }
    return token
  }
}
